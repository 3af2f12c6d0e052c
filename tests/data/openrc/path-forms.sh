DIR="$( cd "$( dirname "${BASH_SOURCE[0]}" )" >/dev/null 2>&1 && pwd )"
export OS_A="$DIR/ca.pem"
export OS_B=$(dirname "$BASH_SOURCE")/ca.pem
export OS_C=${BASH_SOURCE%/*}/ca.pem
export OS_E=$PWD/x OS_F=$(pwd)/y OS_G=`pwd`
export OS_H=~/a OS_I="$HOME"/b OS_J=${HOME}/c OS_K="~/d" OS_L=~
export OS_M=$(basename "$BASH_SOURCE") OS_N=$(basename "$BASH_SOURCE" .sh) OS_O=${BASH_SOURCE##*/}
export OS_T=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
export OS_V=$PWD OS_W=$(cd "$(dirname "$BASH_SOURCE")"; pwd)
export OS_X=$(dirname "$OS_A")/b OS_Y=$(basename /a/b/c.pem .pem)
