export OS_CLOUD=x OS_REGION_NAME=r
for v in ${!OS_*}; do
  [ "$v" = OS_REGION_NAME ] && continue
  unset $v
done
export OS_USERNAME=a
