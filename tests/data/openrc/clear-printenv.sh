export OS_CLOUD=x
unset $(printenv | grep OS_ | awk 'BEGIN{FS="=";}{print $1;}')
export OS_USERNAME=a
