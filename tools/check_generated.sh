#!/usr/bin/env bash
# Fail when gen/ or clients/go/gen is stale: when it is not what proto/ generates.
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
if ! command -v go >/dev/null; then
  echo "no Go here: whether clients/go/gen is fresh is not checked"
  exit 0
fi
.venv/bin/buf generate --template clients/go/buf.gen.yaml -o "$fresh"
if ! diff -r -q clients/go/gen "$fresh/clients/go/gen"; then
  echo "clients/go/gen is stale: run make gen and commit" >&2
  exit 1
fi
echo "clients/go/gen is fresh"
