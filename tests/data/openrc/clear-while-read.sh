# Three ways to take everything away that other clouds left.
export OS_TOKEN=old OS_TENANT_NAME=old
while read -r v; do unset "$v"; done < <(env | grep ^OS_ | cut -d= -f1)
mapfile -t left < <(compgen -v OS_)
unset "${left[@]}"
export OS_AUTH_URL=https://keystone.example.com:5000/v3
eval "unset ${!OS_@}"
export OS_AUTH_URL=https://keystone.example.org:5000/v3
export OS_USERNAME=ada
export OS_PASSWORD='Autumn-leaves-19'
export OS_PROJECT_NAME=demo
