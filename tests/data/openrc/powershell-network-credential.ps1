param(
    [string]$Region = "RegionOne",
    [switch]$Quiet
)
$env:OS_AUTH_URL = "https://keystone.twite.example/v3"
$env:OS_PROJECT_NAME = "twite"
$env:OS_USER_DOMAIN_NAME = "Default"
if (-not $env:OS_USERNAME) {
    $env:OS_USERNAME = Read-Host "User"
}
Write-Host "Password of $env:OS_USERNAME, please"
$secure = Read-Host -AsSecureString "Password"
$env:OS_PASSWORD = (New-Object System.Net.NetworkCredential("", $secure)).Password
$env:OS_REGION_NAME = $Region
if ([string]::IsNullOrEmpty($env:OS_REGION_NAME)) { Remove-Item Env:OS_REGION_NAME }
