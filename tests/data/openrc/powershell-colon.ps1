$server = "id.example.test"
$env:OS_USERNAME = "ada"
Write-Host "Password for $server: "
$env:OS_REGION_NAME = "one"
