if true; then
  cat <<EOF
  fi
export OS_USERNAME=decoy
EOF
  export OS_USERNAME=real
fi
