export OS_A="one
two
 three" OS_B='x
y'
export OS_C="a \
b" OS_D=a\
b
