#!/usr/bin/env bash
# Pins the images of an overlay to the digests that their registries have now: k8s/pin-images.sh OVERLAY
# IMAGE=REFERENCE..., such as ordermesh=registry.example.com/ordermesh:1.4.0. IMAGE is the name that the image
# has in the base or a component. Needs kustomize, and crane or docker buildx.
set -euo pipefail
fail() { echo "k8s/pin-images.sh: $*" >&2; exit 2; }
[ $# -ge 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/overlays/$1"
shift
digest() {
  if command -v crane >/dev/null; then crane digest "$1"
  else docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"; fi
}
for one in "$@"; do
  name=${one%%=*} reference=${one#*=}
  [[ $one == ?*=?* ]] || fail "$one is no IMAGE=REFERENCE"
  repository=${reference%@*}
  # A colon before a slash is that of a port.
  [[ ${repository##*/} != *:* ]] || repository=${repository%:*}
  pinned="$repository@$(digest "$reference")"
  before=$(<kustomization.yaml)
  kustomize edit set image "$name=$pinned"
  if ! kustomize build . | grep -F "image: $pinned" >/dev/null; then
    printf '%s\n' "$before" >kustomization.yaml
    fail "$name is no image of this overlay; nothing is pinned to $pinned"
  fi
  echo "$name is $pinned"
done
