PS3="Which region? "
select r in north south "far east"; do
  case $r in
    north|south|"far east") export OS_REGION_NAME="$r"; break ;;
    *) echo "again" ;;
  esac
done
read -rsp "Password: " OS_PASSWORD; export OS_PASSWORD
