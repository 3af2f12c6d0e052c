#!/bin/tcsh
# settings of the Whinchat cloud
unsetenv OS_TOKEN
foreach old ( OS_TENANT_ID OS_TENANT_NAME OS_CLOUD )
    unsetenv $old
end
set host = id.whinchat.example
setenv OS_AUTH_URL https://${host}:5000/v3
setenv OS_IDENTITY_API_VERSION 3
setenv OS_USERNAME wim
setenv OS_PASSWORD 'tick"tock\!'
setenv OS_PROJECT_NAME "chats of $OS_USERNAME"
setenv OS_USER_DOMAIN_NAME Default ; setenv OS_PROJECT_DOMAIN_NAME Default
setenv OS_REGION_NAME ""
if ("$OS_REGION_NAME" == "") unsetenv OS_REGION_NAME
