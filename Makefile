# The verbs people and CI share. `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
COTERIE_HOME ?= workspace
export COTERIE_HOME
export BENTOML_DO_NOT_TRACK := True
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true

.PHONY: demo test lint ui serve bench lock clean help

help:  ## what each verb does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/'

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/.installed  ## the whole road on a simulated shop, with a summary at the end
	$(BIN)/coterie demo

test: lint  ## all that CI runs: lint, types, contracts, tests
	$(BIN)/python -m pytest

lint: $(VENV)/.installed  ## ruff, mypy strict, the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

ui: $(VENV)/.installed  ## the MLflow UI on the workspace, http://127.0.0.1:5000
	$(BIN)/coterie ui

serve: $(VENV)/.installed  ## the BentoML service on what was published, http://127.0.0.1:3000
	$(BIN)/coterie serve

bench: $(VENV)/.installed  ## all benchmarks, side by side in one run each
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: $(VENV)/.installed  ## refresh requirements.lock from pyproject.toml
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --extra dev --all-build-deps --generate-hashes --allow-unsafe --strip-extras \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --output-file requirements.lock pyproject.toml

clean:  ## remove the environment and the workspace
	rm -rf $(VENV) workspace
