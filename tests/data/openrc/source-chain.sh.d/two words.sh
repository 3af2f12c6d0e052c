export OS_TWO=2-$1
