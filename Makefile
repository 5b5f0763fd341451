# Two commands matter: `make run` serves the registry, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

.PHONY: run test lint format lock bench schemas docs clean

run: $(VENV)/run.stamp
	@exec $(BIN)/openmodels serve --publish

test: lint
	$(BIN)/pytest

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

# The locks name packages, versions and hashes; no index address, no path.
UV_COMPILE = uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 --upgrade --quiet
lock:
	$(UV_COMPILE) pyproject.toml -o requirements/run.txt
	$(UV_COMPILE) --group pyproject.toml:build -o requirements/build.txt
	$(UV_COMPILE) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
	$(UV_COMPILE) --group pyproject.toml:bench -o requirements/bench.txt

# Datasette and FastAPI have an environment of their own, so that they cannot disturb the program's.
PEERS := bench/var/venv
$(PEERS)/bench.stamp: requirements/bench.txt
	@echo "Setting up what openmodels is compared with (once) ..."
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip --disable-pip-version-check --quiet install --require-hashes -r requirements/bench.txt
	@touch $@

bench: $(VENV)/run.stamp $(PEERS)/bench.stamp
	@$(BIN)/python -m bench --peers $(PEERS)/bin/python

schemas: $(VENV)/run.stamp
	$(BIN)/openmodels schemas registry/schemas

docs: $(VENV)/run.stamp
	$(BIN)/python -m docs.generate

clean:
	rm -rf $(VENV) var
