
#!/usr/bin/env bash
export OS_AUTH_URL="https://infra.example:35357/v3/"
unset OS_PROJECT_NAME
if [[ -z $OS_USERNAME ]] || [[ -z $OS_PASSWORD ]] || [[ "$OS_USERNAME" != "a@b.example" ]]; then
export OS_USERNAME="a@b.example"
echo "Please enter your OpenStack Password as user $OS_USERNAME: "
read -sr OS_PASSWORD_INPUT
export OS_PASSWORD=$OS_PASSWORD_INPUT
fi  
export OS_INTERFACE=public
