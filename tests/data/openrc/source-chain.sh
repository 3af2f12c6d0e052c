. ./one.sh
source "two words.sh" argx
export OS_END=$OS_ONE$OS_TWO$1
