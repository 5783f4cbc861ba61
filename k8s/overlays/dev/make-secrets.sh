#!/usr/bin/env bash
# Makes the secrets of the dev overlay in the cluster of the current context: certificates of an
# authority made for this purpose, a signing key, passwords. Nothing is kept on this machine.
set -euo pipefail
cd "$(dirname "$0")/../../.."
namespace=ordermesh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

secret() { kubectl -n "$namespace" create secret generic "$@" --dry-run=client -o yaml | kubectl apply -f -; }
absent() { ! kubectl -n "$namespace" get secret "$1" >/dev/null 2>&1; }

kubectl apply -f k8s/base/namespace.yaml

.venv/bin/python - "$folder" <<'PYTHON'
import sys
from pathlib import Path
from meshctl.stack.servers.certificates import ensure_dev_certificates
ensure_dev_certificates(Path(sys.argv[1]))
PYTHON
for certificate in "$folder"/*.pem; do
  name=$(basename "$certificate" .pem)
  case "$name" in ca | bench) continue ;; esac
  secret "$name-tls" --from-file=tls.crt="$folder/$name.pem" \
    --from-file=tls.key="$folder/$name.key" --from-file=ca.crt="$folder/ca.pem"
done
kubectl -n "$namespace" create configmap dev-ca --from-file=ca.crt="$folder/ca.pem" \
  --dry-run=client -o yaml | kubectl apply -f -

# Kept when there: new ones would end every session, and the database keeps its first password.
if absent svc-identity-signing-keys; then
  .venv/bin/python -m svc_identity.admin new-signing-key "$folder/key-1.pem"
  secret svc-identity-signing-keys --from-file="$folder/key-1.pem"
fi
if absent checkpoint-key; then
  .venv/bin/python -m svc_oms.admin new-checkpoint-key "$folder/checkpoint-key.pem"
  secret checkpoint-key --from-file="$folder/checkpoint-key.pem" --from-file="$folder/checkpoint-key.pem.pub"
fi
random() { head -c 24 /dev/urandom | base64 | tr -d '+/='; }
# Two roles for each service: one owns its tables and migrates, one uses them.
if absent postgres; then
  passwords=(--from-literal=password="$(random)")
  for service in oms identity marketdata notify; do
    for kind in "" -owner; do
      password=$(random)
      role="ordermesh_$service${kind/-/_}"
      passwords+=(--from-literal="$role=$password")
      printf 'postgresql://%s:%s@postgres:5432/ordermesh' "$role" "$password" > "$folder/url"
      secret "svc-$service-database$kind" --from-file="$folder/url"
    done
  done
  secret postgres "${passwords[@]}"
fi
printf 'redis://redis:6379/0' > "$folder/url"
secret redis --from-file="$folder/url"
