# what is not set yet
if ( ! $?OS_USERNAME ) then
    setenv OS_USERNAME ouzel
endif
if ($?OS_PROJECT_NAME == 0) setenv OS_PROJECT_NAME ring
setenv OS_AUTH_URL https://id.ouzel.example/v3
setenv OS_USER_DOMAIN_NAME Default
if ( $?OS_PASSWORD ) then
    echo "The password is there already"
else
    echo -n "Password of ${OS_USERNAME}: "
    stty -echo
    setenv OS_PASSWORD "$<"
    stty echo
    echo ""
endif
