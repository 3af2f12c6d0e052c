setrc() {
  local region=$1 user="${2:-nobody}"
  export OS_REGION_NAME=$region
  export OS_USERNAME="$user"
  OS_INNER=1
  return 3
  export OS_NEVER=1
}
function tell { echo "region $OS_REGION_NAME"; }
setrc north "ann b"
export OS_STATUS=$?
tell
region=outer
f() { region=changed; local y=2; }
f
export OS_R=$region OS_Y=${y-unset}
g() { [ "$1" = yes ]; }
if g yes; then export OS_G=yes; fi
g no || export OS_H=no
h() { echo "$@"; }
k() { for a in "$@"; do export "OS_K_$a=$a"; done; }
k one two
unset -f k
