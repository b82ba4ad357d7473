# The few commands there are. Each works on a fresh checkout: what it needs is installed first, into .venv, once.
#
#   make solve              a recorded example, from its question, live on screen; no key needed
#   make solve Q="…"        your own question, with the model that your environment names
#   make test               all tests                make check    linters, types, import rules
#   make bench              measurements             make ui       the app, in your browser
#   make clean              remove what was made     PYTHON=…      another Python (3.11 or newer)

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet -c constraints.txt
EXAMPLE ?= universities
SCRIPTS := ui/flowreason_ui/assets/run.js
export Q
# What Python and pytest compile is kept, whatever the environment says: it is a third of what short runs of tests take.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help solve test check bench ui format constraints clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#  //p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready-run: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.ready-run

$(VENV)/.ready-ui: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[ui]'
	@touch $@ $(VENV)/.ready-run

solve: $(VENV)/.ready-run
	@if [ -n "$$Q" ]; then $(BIN)/flowreason solve "$$Q"; else $(BIN)/flowreason examples play $(EXAMPLE); fi

test: $(VENV)/.ready-dev $(SCRIPTS)
	$(BIN)/python -m pytest -q -n 2

check: $(VENV)/.ready-dev $(SCRIPTS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@cd ui/frontend && if [ -x node_modules/.bin/tsc ]; then node_modules/.bin/tsc --noEmit; fi

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

bench: $(VENV)/.ready-dev
	$(BIN)/python -m tests.benchmarks

ui: $(VENV)/.ready-ui $(SCRIPTS)
	$(BIN)/flowreason ui

# What the browser runs. Without Node the app has plain widgets instead.
$(SCRIPTS): $(wildcard ui/frontend/*.json ui/frontend/*.mjs ui/frontend/src/*)
	@$(BIN)/python ui/frontend/build.py

# Pins what is installed now: names and versions, nothing about where they came from.
constraints: $(VENV)/.ready-dev $(VENV)/.ready-ui
	@echo "# The versions that the tests ran with. Made by: make constraints" > constraints.txt
	@$(BIN)/python -m pip freeze --exclude-editable | grep -E '^[A-Za-z0-9._-]+==' | LC_ALL=C sort -f >> constraints.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
