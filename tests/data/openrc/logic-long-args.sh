while [[ $# -gt 0 ]]; do
  case "$1" in
    --user) OS_USERNAME="$2"; shift 2 ;;
    --region=*) OS_REGION_NAME="${1#*=}"; shift ;;
    -h|--help) echo usage; return 0 ;;
    *) OS_PROJECT_NAME=$1; shift ;;
  esac
done
export OS_USERNAME=${OS_USERNAME:-dflt} OS_REGION_NAME OS_PROJECT_NAME
