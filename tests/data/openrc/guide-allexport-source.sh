set -o allexport; source "$(dirname "${BASH_SOURCE[0]}")/vars"; set +o allexport
export OS_USERNAME=u
