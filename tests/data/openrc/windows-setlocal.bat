@echo off
setlocal EnableDelayedExpansion
set HOST_OF_IT=id.wren.example
set OS_REGION_NAME=inner
set OS_AUTH_URL=https://!HOST_OF_IT!:5000/v3
set OUTER=!OS_AUTH_URL!
endlocal & set OS_AUTH_URL=%OUTER%
set OS_USERNAME=wera 
set OS_PROJECT_NAME =wren
goto done
set OS_TOKEN=never
:done
set OS_USER_DOMAIN_NAME=Default
