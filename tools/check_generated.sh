#!/usr/bin/env bash
# Fail when gen/ is stale: when it is not what proto/ generates.
set -euo pipefail
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
mkdir -p "$fresh/gen"
.venv/bin/buf generate -o "$fresh"
.venv/bin/buf build --exclude-source-info -o "$fresh/gen/descriptors.binpb"
if ! diff -r -q -x __pycache__ gen "$fresh/gen"; then
  echo "gen/ is stale: run make gen and commit" >&2
  exit 1
fi
echo "gen/ is fresh"
