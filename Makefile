# Every command sets up what it needs first (Python packages, Node, the lab extension, a browser),
# and skips that in a moment when nothing changed. Needs Python 3.11 or newer, git and make.

SHELL := /bin/bash
FOUND_PYTHON := $(shell PYTHON="$(PYTHON)" sh scripts/find_python.sh)
SETUP = $(if $(FOUND_PYTHON),$(FOUND_PYTHON) scripts/setup.py,exit 1;)
VENV := .venv/bin
export PATH := $(CURDIR)/$(VENV):$(PATH)

# JupyterLab refuses to run as root without being told so (containers, class-room images).
LAB_FLAGS := $(if $(filter 0,$(shell id -u)),--allow-root)
LAB_PAGE := --LabApp.default_url=/lab/tree/notebooks/01_quickstart.ipynb
LAB_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup lab test test-fast check bench docs format dist clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: ## everything that lab needs, without opening it
	@$(SETUP) python labextension

lab: setup ## JupyterLab on the quickstart (more arguments: LAB_ARGS="--no-browser --port 9999")
	@$(VENV)/jupyter lab $(LAB_FLAGS) $(LAB_PAGE) $(LAB_ARGS)

test: ## checks and all tests: engine, kernel extension, browser, TypeScript
	@$(SETUP) python labextension browser
	@$(VENV)/python scripts/run_tests.py

test-fast: ## the quick Python tests, under two minutes (more arguments: TEST_ARGS="-k dense")
	@$(SETUP) python
	@$(VENV)/python -m pytest -q -n 2 --dist worksteal -m "not slow and not oracle and not gate and not acceptance and not notebook and not browser" $(TEST_ARGS)

check: ## linters, formatters, types, architecture, protocol
	@$(SETUP) python node
	@$(VENV)/python scripts/check.py

bench: ## the benchmarks of tests/benchmarks, on a quiet machine (some of them: BENCH_ARGS="fit --case mlp")
	@$(SETUP) python
	@$(VENV)/python -m tests.benchmarks $(BENCH_ARGS)

docs: ## the site of the documents, in build/docs/site: guides, lessons, reference (built offline)
	@$(SETUP) python docs
	@$(VENV)/python scripts/build_docs.py

format: ## mend what linters and formatters can mend
	@$(SETUP) python node
	@$(VENV)/ruff check --fix --quiet . ; $(VENV)/ruff format --quiet .
	@npm run --silent format

dist: clean ## a wheel in dist/, with a release build of the lab extension
	@$(SETUP) python node
	@$(VENV)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove what was built (keeps .venv and node_modules)
	@rm -rf build dist labextension/lib kernel_ext/layerlab_jupyter/labextension kernel_ext/layerlab_jupyter/widgets/static .setup/labextension
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/browser/artifacts *.tsbuildinfo
