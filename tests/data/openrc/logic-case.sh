SITE=${SITE:-paris-2}
case "$SITE" in
  [Ll]ondon*) export OS_REGION_NAME=l ;;
  paris-[0-9]) export OS_REGION_NAME=p ;&
  rome) export OS_INTERFACE=internal ;;&
  *-2|*-3) export OS_NOTE=two ;;
  *) export OS_REGION_NAME=none ;;
esac
case $OS_REGION_NAME in (p) export OS_USERNAME=x;; (*) export OS_USERNAME=y;; esac
case "a b" in "a b") export OS_A=1;; esac
case abc in ?b*) export OS_B=1; esac
case x in "*") export OS_C=bad;; \*) export OS_C=bad2;; '?') export OS_C=bad3;; ?) export OS_C=ok;; esac
case '' in '') export OS_D=empty;; esac
case $NOPE in "") export OS_E=empty;; esac
case -n in -*) export OS_F=dash;; esac
