set -gx OS_AUTH_URL https://id.example.test/v3
set -gx OS_USERNAME ada
set -gx OS_PASSWORD 'not closed
set -gx OS_REGION_NAME one
