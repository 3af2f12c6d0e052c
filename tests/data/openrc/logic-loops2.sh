for ((k=0; k<3; k++)); do acc=$acc$k; done
export OS_ACC=$acc
