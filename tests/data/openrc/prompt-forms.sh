read -s -p"Password: " OS_A; export OS_A
read -rsp $'Second\tone: ' OS_B; export OS_B
IFS= read -r -s -p "Third: " OS_C; export OS_C
printf '%s' "Fourth: "; read -rs OS_D; export OS_D
>&2 echo -n "Fifth: "; read -r OS_E; export OS_E
read -t 30 -p "Seventh: " OS_G; export OS_G
read -n 4 -p "Eighth [y/n]: " OS_H; export OS_H
