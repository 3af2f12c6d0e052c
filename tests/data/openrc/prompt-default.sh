read -p "User [$USER]: " u
export OS_USERNAME=${u:-$USER}
read -rp "Project (default: demo): " p
[ -z "$p" ] && p=demo
export OS_PROJECT_NAME="$p"
read -p "Region? " r; r=${r:-one}
export OS_REGION_NAME=$r
