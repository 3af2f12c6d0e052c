export OS_AUTH_TYPE=v3applicationcredential
export OS_AUTH_URL=https://auth.cloud.example/v3
export OS_APPLICATION_CREDENTIAL_ID=21dced0fd20347869b93710d2b98aae0
export OS_APPLICATION_CREDENTIAL_SECRET='kQ9-orchard-secret'
export OS_PROJECT_NAME=orchard-lab
export OS_USERNAME=CHANGE_ME
export OS_USER_ID=4d1a
