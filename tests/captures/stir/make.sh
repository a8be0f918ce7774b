#!/bin/sh
# Makes the certificates and the signed statement of this folder anew, with openssl alone: what we read here was not written by us.
set -eu
cd "$(dirname "$0")"
days=36500
cat > make.cnf <<'C'
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Test
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[provider]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
1.3.6.1.5.5.7.1.26 = ASN1:SEQUENCE:provider_list
[provider_list]
code = EXPLICIT:0,IA5STRING:709J
[numbers]
basicConstraints = critical,CA:FALSE
1.3.6.1.5.5.7.1.26 = ASN1:SEQUENCE:number_list
[number_list]
one = EXPLICIT:2,IA5STRING:12155550100
range = EXPLICIT:1,SEQUENCE:number_range
[number_range]
start = IA5STRING:34911000000
count = INTEGER:100
[plain]
basicConstraints = critical,CA:FALSE
C
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
sign() { # name, section, authority
  key "$1"
  openssl req -new -key "$1.key" -config make.cnf -subj "/CN=SHAKEN $1" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -days $days -extfile make.cnf -extensions "$2" -out "$1.pem" 2>/dev/null
}
key root
openssl req -x509 -key root.key -config make.cnf -subj "/CN=Test STI root" -extensions ca -days $days -out root.pem
sign middle ca root
sign provider provider middle
sign numbers numbers middle
sign plain plain middle
b64() { base64 -w0 | tr '+/' '-_' | tr -d '='; }
header='{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://certificates.example/provider.pem"}'
payload='{"attest":"A","dest":{"tn":["12125551213"]},"iat":1800000000,"orig":{"tn":"12155550100"},"origid":"123e4567-e89b-12d3-a456-426655440000"}'
input="$(printf %s "$header" | b64).$(printf %s "$payload" | b64)"
printf %s "$input" | openssl dgst -sha256 -sign provider.key -out signature.der
raw=$(openssl asn1parse -inform DER -in signature.der | sed -n 's/.*INTEGER *://p' | while read -r n; do printf '%64s' "$n" | tr ' ' 0; done)
signature=$(printf %s "$raw" | xxd -r -p | b64)
printf '%s.%s;info=<https://certificates.example/provider.pem>;alg=ES256;ppt=shaken\n' "$input" "$signature" > identity.txt
cat provider.pem middle.pem > provider-chain.pem
cat numbers.pem middle.pem > numbers-chain.pem
cat plain.pem middle.pem > plain-chain.pem
rm -f ./*.csr ./*.srl signature.der make.cnf middle.key root.key plain.key numbers.key plain.pem numbers.pem middle.pem provider.pem
