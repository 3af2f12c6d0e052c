export OS_AUTH_URL=http://auth.cloud.example:5000/v2.0
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME="o\'malley"
export OS_PASSWORD="S3cret$abc" # the old one was hunter22
export OS_PROJECT_NAME=“orchard”
export OS_PROJECT_DOMAIN_NAME="Default "
export OS_USER_DOMAIN_NAME=Default
export OS_TENANT_NAME=other
export OS_INSECURE=true
export OS_TOKEN = x
OS_REGION_NAME=GRA9
read -srp OS_PASSCODE
