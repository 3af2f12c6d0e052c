ask() {
  local v
  read -rsp "$1: " v
  echo
  printf -v "$2" '%s' "$v"
}
ask "Password" OS_PASSWORD
ask "Second" OS_SECOND
export OS_PASSWORD OS_SECOND
prompt() { echo -n "$2: "; read $1; }
prompt OS_USERNAME "User name"
export OS_USERNAME
getpw() { stty -echo; printf 'Password: '; read -r pw; stty echo; printf '\n'; }
getpw; export OS_APPLICATION_CREDENTIAL_SECRET=$pw
evalask() { read -p "$1 " val; eval "export $2=\"\$val\""; }
evalask "Domain?" OS_USER_DOMAIN_NAME
