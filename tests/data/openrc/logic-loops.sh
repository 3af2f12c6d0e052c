i=0
while [ $i -lt 3 ]; do
  i=$((i+1))
  export OS_L$i=v$i
done
until [ $i -eq 0 ]; do i=$((i-1)); done
export OS_I=$i
for n in a b "c d"; do list="$list$n,"; done
export OS_LIST=$list
for x in 1 2 3 4; do [ $x = 2 ] && continue; [ $x = 4 ] && break; t=$t$x; done
export OS_T=$t
for x; do :; done
export OS_X=done$x
