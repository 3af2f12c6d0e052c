@echo off
set OS_AUTH_URL=https://id.dunnock.example/v3
set OS_USERNAME=%USERNAME%
set OS_PROJECT_NAME=dunnock
for /f "tokens=*" %%t in ('openstack token issue -f value -c id') do set OS_TOKEN=%%t
if exist "%~dp0local.bat" set OS_REGION_NAME=near
set OS_CACERT=%~dp0ca.pem
