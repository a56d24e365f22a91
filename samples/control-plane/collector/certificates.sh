#!/usr/bin/env bash
# certificates.sh FOLDER: an authority, and with it a certificate of the central Collector and one of the gateways, valid for a day. In a real
# cluster they come from its own authority, for example by cert-manager.
set -euo pipefail
mkdir -p "${1:?usage: certificates.sh FOLDER}"
cd "$1"
umask 077

key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
openssl req -x509 "${key[@]}" -days 1 -subj /CN=control-plane -keyout ca.key -out ca.crt
for name in central gateway; do
  openssl req "${key[@]}" -subj "/CN=$name" -keyout $name.key -out $name.csr
  openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 1 -out $name.crt \
    -extfile <(echo 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:otel-collector.management.svc')
done
rm ./*.csr ca.key
