export OS_CLOUD=x
for name in OS_CLOUD OS_TOKEN OS_PROJECT_{ID,NAME} OS_TENANT_{ID,NAME}; do
  unset "$name"
done
export OS_USERNAME=a
