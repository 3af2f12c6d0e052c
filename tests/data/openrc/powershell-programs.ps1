$env:OS_AUTH_URL = "https://id.brambling.example/v3"
$env:OS_USERNAME = $env:USERNAME
$env:OS_PROJECT_NAME = "of $env:OS_USERNAME"
$env:OS_USER_DOMAIN_NAME = @"
Default
"@
$env:OS_PASSWORD = Get-Secret -Name brambling -AsPlainText
$env:OS_TOKEN = & "$env:APPDATA\Python\Scripts\openstack.exe" token issue -f value -c id
$OS_REGION_NAME = "one"
