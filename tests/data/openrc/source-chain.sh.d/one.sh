export OS_ONE=1
. ./three.sh
