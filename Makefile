# The commands that people and CI share. `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
COTERIE_HOME ?= workspace
PIP := $(BIN)/pip --quiet --disable-pip-version-check
export COTERIE_HOME
export BENTOML_DO_NOT_TRACK := True
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: help demo test slow lint docs ui serve bench lock clean

help:  ## what each command does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/'

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-tools: $(VENV)/installed requirements-dev.lock
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@

demo: $(VENV)/installed  ## every step on a simulated shop, with a summary at the end
	$(BIN)/coterie demo

test: lint  ## everything that CI runs: lint, types, import contracts, tests
	$(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder

slow: $(VENV)/installed-tools  ## what test leaves out: Spark, PostgreSQL, all of CONTRIBUTING
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/installed-tools  ## ruff, mypy, the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers 2
	$(BIN)/lint-imports

docs: $(VENV)/installed-tools  ## these pages as a site in site/, offline, with every link checked
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@! grep -rlE '<(script|img)[^>]* src="https?:|<link[^>]*(stylesheet|preconnect)[^>]*https?:' site --include=*.html

ui: $(VENV)/installed  ## the MLflow UI on the workspace, http://127.0.0.1:5000
	$(BIN)/coterie ui

serve: $(VENV)/installed  ## the service on the published bundle, http://127.0.0.1:3000
	$(BIN)/coterie serve

bench: $(VENV)/installed-tools  ## every benchmark; each compares its contestants in one run
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python -m benchmarks.$$(basename $$file .py) || exit 1; done

lock: $(VENV)/installed  ## refresh both lock files from pyproject.toml
	$(PIP) install pip-tools
	$(BIN)/pip-compile $(LOCK) --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

LOCK := --quiet --build-deps-for wheel --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

clean:  ## remove the environment, the workspace and the site
	rm -rf $(VENV) workspace site
