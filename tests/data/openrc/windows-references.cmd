@ECHO OFF
REM OpenStack settings for the Siberian jay
set HOST_OF_IT=id.jay.example
set OS_AUTH_URL=https://%HOST_OF_IT%:5000/v3
SET os_username=jonna
set "OS_PROJECT_NAME=jay of %OS_USERNAME%" & rem a remark
set OS_USER_DOMAIN_NAME=Default
set OS_PROJECT_DOMAIN_NAME=%OS_USER_DOMAIN_NAME%
set OS_NOTE=100%% sure ^& more
set OS_PASSWORD=pa^^ss^&word!
set OS_REGION_NAME=%NOT_SET_ANYWHERE%
if "%OS_REGION_NAME%"=="" set OS_REGION_NAME=one
set OS_TENANT_ID=
set OS_TENANT_NAME=
for %%v in (OS_TOKEN OS_CLOUD) do set %%v=
echo The settings of %OS_USERNAME% are there.
