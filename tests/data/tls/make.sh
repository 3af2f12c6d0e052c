#!/bin/sh
# Makes the certificates of this folder anew. They guard nothing; all but 'expired' are good from 2020 to 2120.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/index"

cat >"$work/ca.cnf" <<END
[ca]
default_ca = here
[here]
database = $work/index
new_certs_dir = $work
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = keyCertSign, cRLSign
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
[elsewhere]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:elsewhere.invalid
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
# As 'openssl req -x509' makes a server's certificate: it says that it is a CA.
[own]
basicConstraints = critical, CA:TRUE
subjectAltName = IP:127.0.0.1
END

# make NAME EXTENSIONS END HOW...: a key and a certificate, signed as HOW says
make() {
	name=$1 extensions=$2 end=$3
	shift 3
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key"
	openssl req -new -key "$name.key" -subj "/CN=osagent test $name" -out "$work/request"
	openssl ca -batch -notext -config "$work/ca.cnf" -in "$work/request" -extensions "$extensions" \
		-startdate 20200101000000Z -enddate "$end" -out "$name.pem" "$@"
}

make ca authority 21200101000000Z -selfsign -keyfile ca.key
make server server 21200101000000Z -keyfile ca.key -cert ca.pem
make elsewhere elsewhere 21200101000000Z -keyfile ca.key -cert ca.pem
make client client 21200101000000Z -keyfile ca.key -cert ca.pem
make selfsigned own 21200101000000Z -selfsign -keyfile selfsigned.key
make expired own 20210101000000Z -selfsign -keyfile expired.key

cat client.pem client.key >client-both.pem
openssl pkcs8 -topk8 -in client.key -passout pass:whatever -out client-encrypted.key
rm ca.key
