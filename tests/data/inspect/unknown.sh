export OS_AUTH_URL=https://auth.cloud.example/v3
export OS_PROJECT_NAME=orchard-lab
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_DOMAIN_NAME=Default
export OS_USERNAME=ada
export OS_PASSWORD=$(pass show cloud)
export OS_REGION_NAME=GRA9
