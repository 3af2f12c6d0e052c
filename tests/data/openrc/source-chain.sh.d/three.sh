export OS_THREE=3
return
export OS_NEVER=1
