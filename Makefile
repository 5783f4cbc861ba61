# Ordermesh. `make up` runs the whole mesh on this machine, `make test` runs the tests. `make help` lists all targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
FIX ?= wheel
UP_FLAGS ?=
# KAFKA=1: also the log in Kafka, with a broker on this machine.
KAFKA ?=
# MONITORING=1: also Prometheus and Alertmanager, which come from the system.
MONITORING ?=
# Most of the time tests wait: more workers than cores pay, until the whole meshes disturb each other.
WORKERS ?= 4
# These compute only. They run in one process beside the workers, which need not collect them.
COMPUTE_ONLY = tests/unit tests/property tests/architecture tests/conformance/lifecycle clients/python/tests
# CI sets --repeat-failed: failed tests run once more, alone.
REPEAT ?=
PYTEST = $(BIN)/python -m tools.run_tests $(REPEAT) $(COMPUTE_ONLY:%=--alone %) -n $(WORKERS) --no-loadscope-reorder --durations 20
export PATH := $(CURDIR)/$(BIN):$(PATH)

PROTOS := $(shell find proto -name '*.proto')
WEB_SOURCES := $(shell find web gen/ts clients/typescript -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

up: setup $(if $(KAFKA),setup-kafka) web ## install everything and run the whole mesh; Ctrl-C stops it
	@$(BIN)/ordermesh up $(if $(KAFKA),--kafka) $(if $(MONITORING),--monitoring) $(UP_FLAGS)

down: ## stop a mesh that runs in the background
	@$(BIN)/ordermesh down

demo: ## a scripted trading session against the running mesh
	@$(BIN)/ordermesh demo

test: setup-dev web chromium ## set up what is needed and run the tests (about 9 minutes)
	$(PYTEST) -m "not long"
	cd web && npm test --silent

test-long: setup-dev web chromium ## run the long tests: faults under load, long random runs
	$(PYTEST) -m long

soak: setup-dev web setup-kafka ## load with faults for MINUTES (60), COMMANDS_PER_S at most, then the log compared with Kafka, archive and replay
	SOAK_MINUTES=$(or $(MINUTES),60) SOAK_COMMANDS_PER_S=$(or $(COMMANDS_PER_S),0) $(BIN)/python -m pytest -q -rA -p no:cacheprovider tests/e2e/test_copies.py

check: setup-dev web ## run the checks of CI in addition to the tests: style, types, contracts, freshness
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	tools/check_breaking.sh
	tools/check_generated.sh
	cd web && npm run --silent check && npm run --silent lint

k8s-check: setup-dev ## compare the Kubernetes manifests with the schemas and rules; part of the tests
	$(BIN)/python -m pytest -q -p no:cacheprovider -n 2 tests/unit/k8s tests/integration/k8s

bench: setup-dev web ## measure the mesh and its bare parts; writes bench/results/
	$(BIN)/python -m bench

gen: setup-dev web/node_modules/.stamp ## generate gen/ and clients/go/gen from proto/
	$(BIN)/buf format -w
	$(BIN)/buf generate
	$(BIN)/buf build --exclude-source-info -o gen/descriptors.binpb
	@if command -v go >/dev/null; then $(BIN)/buf generate --template clients/go/buf.gen.yaml; \
	  else echo "no Go here: clients/go/gen is not generated" >&2; fi

lock: setup-dev ## pin the dependencies of pyproject.toml again (with hashes)
	tools/lock.sh

setup: $(VENV)/.stamp-runtime $(VENV)/.stamp-fix-$(FIX) ## install the Python environment of the mesh
setup-dev: $(VENV)/.stamp-dev $(VENV)/.stamp-fix-$(FIX) ## install the environment and the developers' tools

setup-kafka: $(VENV)/.stamp-kafka ## install the Java runtime of the Kafka broker, as a wheel

web: web/dist/index.html ## build the web page

client-python: $(VENV)/.stamp-venv ## the wheel of the Python client, in clients/python/dist
	$(BIN)/python -m pip wheel --quiet --no-deps -w clients/python/dist ./clients/python

client-typescript: web/node_modules/.stamp ## the TypeScript client for others, in clients/typescript/dist
	cd web && npm run --silent build-client

$(VENV)/.stamp-venv: requirements/uv.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "Ordermesh needs Python 3.11. Debian: sudo apt-get install python3.11 python3.11-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.stamp-runtime: $(VENV)/.stamp-venv requirements/runtime.txt tools/install_project.sh
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/runtime.txt
	@tools/install_project.sh
	@touch $@

$(VENV)/.stamp-dev: $(VENV)/.stamp-venv requirements/dev.txt tools/install_project.sh
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@tools/install_project.sh
	@touch $@ $(VENV)/.stamp-runtime

$(VENV)/.stamp-kafka: requirements/kafka.txt | $(VENV)/.stamp-runtime
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/kafka.txt
	@touch $@

# Two sources of QuickFIX (docs/adr/0002): a wheel in seconds, or the official source in about 5 minutes.
$(VENV)/.stamp-fix-wheel: requirements/fix-wheel.txt | $(VENV)/.stamp-venv
	@$(BIN)/uv pip uninstall --quiet --python $(BIN)/python quickfix 2>/dev/null || true
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/fix-wheel.txt
	@rm -f $(VENV)/.stamp-fix-source && touch $@

$(VENV)/.stamp-fix-source: requirements/fix-source.txt | $(VENV)/.stamp-venv
	@echo "building QuickFIX 1.16.0 from its source: about 5 minutes"
	@$(BIN)/uv pip uninstall --quiet --python $(BIN)/python quickfix-tls 2>/dev/null || true
	CXXFLAGS="-O1 -g0 -DNDEBUG -fwrapv" $(BIN)/uv pip install --python $(BIN)/python \
	  --no-deps --require-hashes -r requirements/fix-source.txt
	@rm -f $(VENV)/.stamp-fix-wheel && touch $@

# The system's Node.js if it is new enough, otherwise the one on PyPI, inside the venv.
$(VENV)/.stamp-node: requirements/node.txt | $(VENV)/.stamp-venv
	@if ! node -e 'const [a,b]=process.versions.node.split(".").map(Number); process.exit(a>20||(a===20&&b>=19)?0:1)' 2>/dev/null; then \
	  echo "no Node.js 20.19 or newer here: installing one into $(VENV)"; \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/node.txt; fi
	@touch $@

web/node_modules/.stamp: web/package-lock.json $(VENV)/.stamp-node
	cd web && npm ci --silent --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.stamp $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

chromium: ## install the browser of the end-to-end tests if root, otherwise print the command for it
	@tools/ensure_chromium.sh

clean: ## remove everything that was built; data in .ordermesh stays
	rm -rf $(VENV) web/node_modules web/dist clients/python/build clients/*/dist clients/rust/target .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help up down demo test test-long soak check k8s-check bench gen lock setup setup-dev setup-kafka web client-python client-typescript chromium clean
