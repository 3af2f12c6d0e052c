$env:OS_AUTH_URL = "https://id.redstart.example/v3"
$env:OS_USERNAME = "rita"
$env:OS_PASSWORD = Read-Host "Password" -AsSecureString
if ($env:COMPUTERNAME -eq "DESK") {
    $env:OS_REGION_NAME = "near"
} else {
    $env:OS_REGION_NAME = "far"
}
