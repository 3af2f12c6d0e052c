if [ -f password ] ; then
  export OS_PASSWORD=`cat password`
else
  echo "Please enter your OpenStack Password: "
  read -sr OS_PASSWORD_INPUT
  export OS_PASSWORD=$OS_PASSWORD_INPUT
fi
DEFAULT_USERNAME=ubuntu
echo -n "Name of the user to run [$DEFAULT_USERNAME]: "
read -sr x
case $x in
  "") export RUNTIME_USERNAME=$DEFAULT_USERNAME ;;
  *) export RUNTIME_USERNAME="$x" ;;
esac
export OS_USERNAME=$RUNTIME_USERNAME
