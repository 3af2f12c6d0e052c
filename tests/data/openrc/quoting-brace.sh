export OS_AA=a{b,c}d
export OS_AC={a,b}
OS_AD={a,b}; export OS_AD
export OS_{X,Y}=v OS_Z=${NOPE:-{}}
