# taken over from bash by hand
export OS_AUTH_URL=https://id.siskin.example/v3
export OS_USERNAME="sisko"
setenv OS_PROJECT_NAME 'bird seed'
set -gx OS_USER_DOMAIN_NAME Default
set -gx OS_PASSWORD (pass show siskin/cloud | head -n1)
set -gx OS_REGION_NAME one
set OS_INTERFACE public
if command -q openstack
    set -gx OS_CLIENT_THERE yes
end
