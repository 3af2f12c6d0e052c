<#
  Settings of the Rosefinch cloud.
  .\openrc.ps1 must be dot-sourced
#>
$cloudHost = "id.rosefinch.example"
$env:OS_AUTH_URL = "https://${cloudHost}:5000/v3"
$env:OS_IDENTITY_API_VERSION = 3
$env:OS_USERNAME = 'it''s "rosa"'
$env:OS_PROJECT_NAME = "price `$5, a ""finch"" of $env:OS_USERNAME"
$env:OS_PASSWORD = 'pa$$word`n'; $env:OS_USER_DOMAIN_NAME = "Default"
${env:OS_PROJECT_DOMAIN_NAME} = $env:OS_USER_DOMAIN_NAME
$env:os_region_name = "one" # in small letters, and the same to Windows
Set-Item -Path Env:OS_INTERFACE -Value public
[Environment]::SetEnvironmentVariable("OS_NOTE", "kept for later", "User")
[System.Environment]::SetEnvironmentVariable('OS_TENANT_ID', $null)
$env:OS_TENANT_NAME = $null
Remove-Item Env:\OS_TOKEN, Env:OS_CLOUD -ErrorAction SilentlyContinue
