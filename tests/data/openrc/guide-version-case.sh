OS_API_VERSION=2
OS_API_HOST=ost.example
TENANT_NAME="te na"
export OS_INSECURE=true
case ${OS_API_VERSION} in
    2)
        export OS_AUTH_URL=https://${OS_API_HOST}:13000/v2.0
        export OS_TENANT_NAME="${TENANT_NAME}"
        ;;
    3)
        export OS_AUTH_URL=https://${OS_API_HOST}:13000/v3
        unset OS_TENANT_ID
        ;;
esac
echo "Please enter your OpenStack User for project $OS_TENANT_NAME: "
read -sr OS_USER_INPUT
export OS_USERNAME=$OS_USER_INPUT
echo "Please enter your OpenStack Password for user $OS_USERNAME: "
read -sr OS_PASSWORD_INPUT
export OS_PASSWORD=$OS_PASSWORD_INPUT
