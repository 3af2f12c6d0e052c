set -gx OS_AUTH_URL https://id.example.test/v3
set -gx OS_USERNAME <your user name>
set -gx OS_REGION_NAME one
