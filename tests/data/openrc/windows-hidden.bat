@echo off
set "OS_AUTH_URL=https://id.treecreeper.example:5000/v3"
set "OS_USERNAME=tree creeper"
set "psCommand=powershell -Command "$pword = read-host 'Enter Password' -AsSecureString ; ^
    $BSTR=[System.Runtime.InteropServices.Marshal]::SecureStringToBSTR($pword); ^
        [System.Runtime.InteropServices.Marshal]::PtrToStringAuto($BSTR)""
for /f "usebackq delims=" %%p in (`%psCommand%`) do set OS_PASSWORD=%%p
set "OS_PROJECT_NAME=bark"
