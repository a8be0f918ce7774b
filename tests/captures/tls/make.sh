#!/bin/bash
# Made once with OpenSSL 3: a carrier's authority, and certificates for SIP over TLS below it. Keys are not kept. Run in this folder.
set -e
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
touch "$work/index.txt"
cat > "$work/ca.cnf" <<EOF
[ca]
default_ca = centre
[centre]
database = $work/index.txt
new_certs_dir = $work
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
[any]
commonName = supplied
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[carrier]
subjectAltName = DNS:sip.carrier.example,DNS:*.carrier.example
extendedKeyUsage = serverAuth,clientAuth
[client]
subjectAltName = DNS:sip.carrier.example
extendedKeyUsage = clientAuth
[domain]
subjectAltName = URI:sip:carrier.example,DNS:other.example
[expired]
subjectAltName = DNS:sip.carrier.example
extendedKeyUsage = serverAuth,clientAuth
EOF
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"; openssl req -new -key "$work/$1.key" -subj "/CN=$1" -out "$work/$1.csr"; }
sign() { openssl ca -batch -notext -config "$work/ca.cnf" -extensions "$1" -startdate 20260101000000Z -enddate "$2" -in "$work/$1.csr" -out "$1.pem" "${@:3}"; }
key root
sign root 20510102030405Z -selfsign -keyfile "$work/root.key"
for name in carrier client domain expired; do
    key $name
    [ $name = expired ] && end=20260201000000Z || end=20491231235958Z
    sign $name $end -cert root.pem -keyfile "$work/root.key"
done
