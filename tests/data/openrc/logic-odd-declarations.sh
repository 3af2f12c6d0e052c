#!/usr/bin/env bash
# Declarations in the forms that the generator found.
\export OS_AUTH_URL=https://id.plover.example/v3
\export "OS_USERNAME=plo" OS_REGION_{A,B}=x
( exit 3 ) || export OS_INTERFACE=public
declare -i port=5000+1
export OS_PORT=$port
read -r <<< '  kept  '
export OS_REPLY="$REPLY"
read -r -a words <<< 'one two'
export OS_SECOND=${words[1]}
declare -r OS_FIXED=first
declare -r OS_FIXED=second 2>/dev/null
export OS_FIXED
export OS_NESTED="${OS_NONE:-"a\b"}"
export OS_PASSWORD='p l o'
