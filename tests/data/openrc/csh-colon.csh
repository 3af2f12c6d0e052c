set host = id.knot.example
setenv OS_USERNAME kim
setenv OS_AUTH_URL https://$host:5000/v3
setenv OS_REGION_NAME one
