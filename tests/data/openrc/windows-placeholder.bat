set OS_AUTH_URL=https://id.example.test/v3
set OS_USERNAME=ada
set OS_PASSWORD=<your password>
