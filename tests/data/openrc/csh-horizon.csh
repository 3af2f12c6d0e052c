#!/usr/bin/env tcsh
# To use an OpenStack cloud you need to authenticate against the Identity service.
setenv OS_AUTH_URL https://keystone.dipper.example:5000/v3
setenv OS_PROJECT_ID 70f5a7b9f1c94a7bb0c9a2f6f3c1d2e4
setenv OS_PROJECT_NAME "dipper"
setenv OS_USER_DOMAIN_NAME "Default"
if ( "$OS_USER_DOMAIN_NAME" == "" ) then
    unsetenv OS_USER_DOMAIN_NAME
endif
setenv OS_PROJECT_DOMAIN_ID "default"
unsetenv OS_TENANT_ID
unsetenv OS_TENANT_NAME
setenv OS_USERNAME "dora"
echo "Please enter your OpenStack Password for project $OS_PROJECT_NAME as user ${OS_USERNAME}: "
stty -echo
set OS_PASSWORD_INPUT = "$<"
stty echo
setenv OS_PASSWORD "$OS_PASSWORD_INPUT"
setenv OS_REGION_NAME "RegionOne"
setenv OS_INTERFACE public
setenv OS_IDENTITY_API_VERSION 3
