# Everything runs in .venv, made on first use from constraints.txt with pip alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test quick check fix clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

$(READY): pyproject.toml constraints.txt
	@echo "setting up $(VENV): about two minutes, 2 GB, once"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	@! $(BIN)/pip list 2>/dev/null | grep -qi '^nvidia' || { echo "pip chose a CUDA build of torch: point pip at the CPU wheels and run again"; rm -rf $(VENV); exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY) ## a question answered with evidence, an injection refused, the ledger verified
	@$(BIN)/python examples/demo.py

test: $(READY) ## the whole test suite
	$(BIN)/pytest -n 2

quick: $(READY) ## the tests that take no time
	$(BIN)/pytest -n 2 -m "not slow"

check: $(READY) ## formatter, linter, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --warnings
	$(BIN)/lint-imports

fix: $(READY) ## let formatter and linter mend what they can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove the environment and all caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
