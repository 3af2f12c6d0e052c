setenv OS_AUTH_URL https://keystone.crake.example/main/v3
setenv OS_USERNAME `id -un`
setenv OS_PROJECT_NAME "Personal $OS_USERNAME"
setenv OS_USER_DOMAIN_NAME Default
setenv OS_REGION_NAME crake
set OS_NOTE = "kept to the shell"
