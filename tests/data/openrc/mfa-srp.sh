export OS_USERNAME=a
if [ -z "$OS_PASSWORD" ]; then
  echo "Enter the Users Password (input will not be shown):"
  read -srp OS_PASSWORD_INPUT
  export OS_PASSWORD=$OS_PASSWORD_INPUT
else
  echo "Password already set..."
fi
echo "Enter the MFA TOTP 6 digit passcode:"
read -rp OS_PASSCODE_INPUT
export OS_PASSCODE=$OS_PASSCODE_INPUT
