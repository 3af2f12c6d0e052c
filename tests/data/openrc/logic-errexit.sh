set -e
if false; then :; fi
false || true
! true
export OS_A=1
{ false; } || export OS_B=2
f() { false; export OS_C=3; }
f || true
false
export OS_D=4
