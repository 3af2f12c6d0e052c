setenv OS_AUTH_URL https://id.example.test/v3
setenv OS_USERNAME ada
setenv OS_PASSWORD 'wow!much'
setenv OS_REGION_NAME one
