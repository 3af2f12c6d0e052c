set -- user1 "proj two" reg
export OS_USERNAME=$1 OS_PROJECT_NAME=$2 OS_REGION_NAME="$3" OS_N=$# OS_ALL="$*" OS_AT="$@"
shift 2
export OS_AFTER=$1
set --
export OS_NONE=${1-none}
while [ $# -gt 0 ]; do shift; done
IFS=/ ; v=x/y/z; set -- $v; export OS_SPLIT=$2; unset IFS
