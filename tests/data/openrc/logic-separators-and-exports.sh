#!/usr/bin/env bash
# What the generator found: IFS kept and brought back, exports that outlive a loop or do not, locals made one way only.
old=$IFS
IFS=,
read -r OS_REGION_NAME OS_ZONE <<< 'north,one'
IFS=$old
read -r OS_USERNAME <<< '  plo  '
export OS_USERNAME OS_REGION_NAME
declare -x OS_INTERFACE
for name in ${!OS_Z*}; do unset "$name"; done
OS_INTERFACE=public
inherit() { local ca; export OS_CACERT="$ca"; }
ca=/ca.pem inherit
declare -p no_such_variable 2>/dev/null || export OS_PROJECT_NAME=none
may() {
  if [ "$(id -u)" = 0 ]; then
    OS_SITE=root
    local OS_SITE=inner
  fi
}
export OS_SITE=plain
may
export OS_PASSWORD='p l o'
