#!/usr/bin/env bash
# Pins the images of an overlay to the digests that their registries have now: k8s/pin-images.sh OVERLAY
# IMAGE=REFERENCE..., such as ordermesh=registry.example.com/ordermesh:1.4.0. Needs kustomize, and crane or docker buildx.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/overlays/$1"
shift
digest() {
  if command -v crane >/dev/null; then crane digest "$1"
  else docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"; fi
}
for one in "$@"; do
  name=${one%%=*} reference=${one#*=}
  pinned="${reference%:*}@$(digest "$reference")"
  kustomize edit set image "$name=$pinned"
  echo "$name is $pinned"
done
