#!/usr/bin/env bash
# Make the tree importable in the venv and put `ordermesh` on its path: no build, no copy.
set -euo pipefail
cd "$(dirname "$0")/.."
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$PWD" "$PWD/gen/python" "$PWD/clients/python/src" "$PWD/clients/conformance" > "$site/ordermesh.pth"
printf '#!%s\nfrom meshctl.main import main\n\nmain()\n' "$PWD/.venv/bin/python" > .venv/bin/ordermesh
chmod +x .venv/bin/ordermesh
