#!/usr/bin/fish
set -gx OS_AUTH_URL "https://keystone.serin.example:5000/v3"
set -gx OS_IDENTITY_API_VERSION 3
set -gx OS_PROJECT_NAME serin
set -gx OS_USER_DOMAIN_NAME Default
set -gx OS_PROJECT_DOMAIN_NAME Default
read -gx -P "User: " OS_USERNAME
if not set -q OS_USERNAME
    set -gx OS_USERNAME nobody
end
read --silent --prompt-str="Password of $OS_USERNAME: " --global --export OS_PASSWORD
echo "Welcome, $OS_USERNAME"
