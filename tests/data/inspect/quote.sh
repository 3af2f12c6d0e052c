export OS_AUTH_URL=https://auth.cloud.example/v3
export OS_USERNAME=ada
export OS_PASSWORD='it's-mine'
export OS_REGION_NAME=GRA9
