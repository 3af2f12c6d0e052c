# Arrays, as rc files use them.
regions=(RegionOne RegionTwo "Region Three")
export OS_REGION_NAME=${regions[1]}
export OS_A1=$regions OS_A2=${#regions[@]} OS_A3="${regions[*]}" OS_A4="${regions[@]}"
export OS_A5=${regions[-1]} OS_A6=${regions[9]} OS_A7="${!regions[@]}"
regions+=(Four "Fi ve")
export OS_B1=${#regions[@]} OS_B2=${regions[4]}
regions[1]=Changed
regions[7]=Seven
export OS_B3="${regions[@]}" OS_B4="${!regions[*]}"
i=2
regions[$i]=two; regions[i+1]=three
export OS_B5="${regions[$i]}/${regions[i+1]}/${regions[i - 2]}"
unset 'regions[0]'
export OS_B6="${regions[*]}" OS_B7="$regions" OS_B8="${#regions[*]}"
declare -A url=([one]=https://one.example.com:5000/v3 ["two"]="https://two.example.com:5000/v3")
url[three]=https://three.example.com
which=two
export OS_AUTH_URL="${url[$which]}"
export OS_C1=${url[one]} OS_C2=${url["three"]} OS_C3=${url[none]} OS_C4=${#url[@]}
all=
for r in "${regions[@]}"; do all="$all<$r>"; done
export OS_D1=$all
declare -a empty
export OS_D2="${empty[*]}-${#empty[@]}"
empty+=(x)
export OS_D3="${empty[@]}"
f() { local -a mine=("$@"); export OS_D4="${mine[1]}-${#mine[@]}"; }
f a "b c" d
plain=text
export OS_D5=${plain[0]} OS_D6=${plain[1]} OS_D7=${#plain[@]}
plain+=(more)
export OS_D8="${plain[@]}"
words="a b  c"
list=($words)
export OS_E1=${list[2]} OS_E2=${#list[@]}
list=(${words})
list[0]+=x
export OS_E3=${list[0]}
sparse=([3]=c [1]=a b)
export OS_E4="${sparse[*]}|${!sparse[*]}"
set -- "${list[@]}"
export OS_E5=$#-$2
readonly -a fixed=(r1 r2)
export OS_E8=${fixed[1]}
a=1 b=(2 3) c=$b
export OS_E9=$c
