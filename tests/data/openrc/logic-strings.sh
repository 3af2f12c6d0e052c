v="http://Host.Example:5000/v2.0/"
export OS_A=${v/http:/https:} OS_B=${v//0/_} OS_C=${v%/} OS_D=${v%/v2.0*}/v3 OS_E=${v#*://}
export OS_F=${v:0:4} OS_G=${v: -5} OS_H=${v:7:4} OS_I=${#v}
export OS_J=${v^^} OS_K=${v,,} OS_L=${v^} OS_M=${v/#http/ftp} OS_N=${v/%\//} OS_O=${v//\//|}
w=hello; export OS_P=${w^} OS_Q=${w^^} OS_R=${w//l} OS_S=${w/l*/X} OS_T=${w:1} OS_U=${w:1:-1} OS_V=${w:(-2)}
n=w; export OS_W=${!n}
export OS_Z=${v##*/} OS_AA=${v%%:*} OS_AB=${NOPE:-${w:-x}} OS_AC=${w:+"$w!"} OS_AD=${w//[aeiou]/*}
