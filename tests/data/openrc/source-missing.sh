source ./no-such-file 2>/dev/null || true
[ -f ./other ] && . ./other
test -r ~/.openrc && . ~/.openrc
. ./none.sh || export OS_FALLBACK=1
export OS_USERNAME=a
