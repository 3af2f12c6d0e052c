# export OS_USERNAME=decoy
   #export OS_PASSWORD=decoy
export OS_USERNAME=real #export OS_USERNAME=decoy
: 'export OS_PROJECT_NAME=decoy
export OS_REGION_NAME=decoy'
: "
export OS_AUTH_URL=decoy
"
echo "export OS_TOKEN=decoy" 'export OS_CLOUD=decoy'
help='
export OS_REGION_NAME=decoy
'
usage() { export OS_CACERT=decoy; }
if false; then export OS_PASSWORD=decoy; fi
true || export OS_PASSWORD=decoy
false && export OS_PASSWORD=decoy
(export OS_PASSWORD=decoy)
export OS_PASSWORD=decoy | cat
OS_PASSWORD=decoy true
env OS_PASSWORD=decoy true
export OS_AUTH_URL=https://x.example
