$Env:OS_AUTH_URL = 'https://id.linnet.example/v3'
$Env:OS_USERNAME = 'lina'
$SecurePassword = Read-Host -Prompt 'Please enter your OpenStack Password' -AsSecureString
$BSTR = [System.Runtime.InteropServices.Marshal]::SecureStringToBSTR($SecurePassword)
$Env:OS_PASSWORD = [System.Runtime.InteropServices.Marshal]::PtrToStringBSTR($BSTR)
[System.Runtime.InteropServices.Marshal]::ZeroFreeBSTR($BSTR)
Get-ChildItem Env:OS_TENANT* | Remove-Item
