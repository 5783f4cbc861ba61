#!/usr/bin/env bash
# Fail when a change of the contracts is incompatible with the newest release, or without one with origin/main.
set -euo pipefail
cd "$(dirname "$0")/.."
base=$(git describe --tags --abbrev=0 2>/dev/null || git rev-parse --verify --quiet origin/main || git rev-parse HEAD)
.venv/bin/buf breaking --against ".git#ref=$base"
echo "no breaking change against $base"
