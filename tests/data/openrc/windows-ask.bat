@echo off
set OS_AUTH_URL=https://auth.nuthatch.example/v3
set OS_IDENTITY_API_VERSION=3
set OS_USER_DOMAIN_NAME=Default
set OS_USERNAME=nina
REM Prompt for password securely
echo Please enter your OpenStack Password:
set /p OS_PASSWORD=
set TF_VAR_os_password=%OS_PASSWORD%
set /p "OS_REGION_NAME=Region [one]: "
if "%OS_REGION_NAME%"=="" (
    set OS_REGION_NAME=one
) else (
    echo Going to %OS_REGION_NAME%
)
