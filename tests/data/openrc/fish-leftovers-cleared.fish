# Goldcrest Cloud, for fish; source it, do not run it
# first what another cloud has left behind
for name in OS_TOKEN OS_TENANT_ID OS_TENANT_NAME OS_CLOUD
    set -e $name
end
set -l host id.goldcrest.example
set -l port 5000

set -gx OS_AUTH_URL https://$host:$port/v3
set -gx OS_IDENTITY_API_VERSION 3
set -gx OS_PROJECT_NAME "gold crest"
set -gx OS_PROJECT_DOMAIN_NAME Default; set -gx OS_USER_DOMAIN_NAME Default
set -gx OS_USERNAME gregor
set -gx OS_PASSWORD 'it\'s \\ $not "quoted"'
set -gx OS_REGION_NAME $OS_REGION_NAME_OF_MINE
test -z "$OS_REGION_NAME"; and set -e OS_REGION_NAME
