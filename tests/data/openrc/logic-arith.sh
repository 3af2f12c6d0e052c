PORT=5000
export OS_P1=$((PORT + 1))
export OS_P2=$(( PORT * 2 / 3 % 7 ))
(( PORT += 10 ))
export OS_P3=$PORT
let "PORT = PORT - 5"
export OS_P4=$PORT
((PORT++))
export OS_P5=$PORT
export OS_P6=$(( PORT > 5000 ? 1 : 0 ))
export OS_P7=$(( 1 << 4 | 3 )) OS_P8=$((!0)) OS_P9=$((-3 + 010 + 0x1f))
export OS_P10=$(( (1+2)*3 )) OS_P11=$((2**8)) OS_P12=$((PORT == 5006 && 1))
export OS_P13=$[1+2]
x=5; ((x>3)) && export OS_P14=big
((y=x*2)); export OS_P15=$y
export OS_P16=$((x++)) OS_P17=$x OS_P18=$((++x)) OS_P19=$((~1)) OS_P20=$((7,8))
export OS_P21=$(($x+1)) OS_P22=$((${x}+1)) OS_P23=$(( 16#ff )) OS_P24=$((NOPE+1))
