# Questions that are asked in a process of their own take an answer, too.
export OS_AUTH_URL=https://keystone.example.com:5000/v3
region=$(read -r -p "Region (not used): " r; echo "$r")
old=`read -r -p "Old style: " b; echo "$b"`
ask() {
  read -r -p "$1: " answer
  echo "$answer"
}
export OS_PROJECT_NAME=$(ask "Project")
( read -r -p "In a subshell: " sub )
read -r -p "In a pipeline: " piped | cat
while read -r line; do :; done < <(read -r -p "In a process: " deep; echo "$deep")
export OS_USERNAME
read -r -p "User: " OS_USERNAME
read -rs -p "Password: " OS_PASSWORD
export OS_PASSWORD
export OS_REGION_NAME=RegionOne
