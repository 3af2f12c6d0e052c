while IFS='=' read -r k v; do
  export "OS_$k=$v"
done <<EOF
USERNAME=ann
PASSWORD=a=b c
EOF
while read -r line; do export "$line"; done <<< "OS_REGION_NAME=r1"
read -r OS_A OS_B <<EOF
one two three
EOF
export OS_A OS_B
IFS=' ' read -r OS_C _ <<< "first second"
export OS_C
