function cloud --description 'settings of one of our projects'
    set -gx OS_AUTH_URL https://id.fieldfare.example/v3
    set -gx OS_AUTH_TYPE password
    set -x OS_LOST "only in the function"
    switch $argv[1]
        case lab
            set -gx OS_PROJECT_NAME "the lab"
        case 'prod*'
            set -gx OS_PROJECT_NAME production
        case '*'
            echo 'lab or prod'
    end
end

cloud prod-2
set -gx OS_USERNAME finn
echo -n "Password of $OS_USERNAME: "
stty -echo
read OS_PASSWORD
stty echo
set -gx OS_PASSWORD $OS_PASSWORD
