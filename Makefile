# Everything that a developer or a newcomer does here; CI calls the same targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
SETUP_FLAGS ?=
SIZE ?= S
ROUNDS ?= 3
PEERS ?=
ONLY ?=
CONTINUE ?=

.DEFAULT_GOAL := help
.PHONY: help run docs screenshots bench test coverage torture check format lint types clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## make a month of data, load it, answer the questions, write the report
	@$(BIN)/sparkify generate $(DATA)
	@$(BIN)/sparkify etl
	@$(BIN)/sparkify report
	@echo "      (in this shell first: source $(BIN)/activate)" >&2

docs: $(VENV)/.installed-dev ## write the generated parts of the documents again
	$(BIN)/python docs/refresh.py

bench: $(VENV)/.installed-dev ## measure a load beside its peers: SIZE=S, M or L
	@$(BIN)/python -m benchmarks $(SIZE) --rounds $(ROUNDS) --peers "$(PEERS)" --only "$(ONLY)" \
		$(if $(CONTINUE),--continue)

screenshots: $(VENV)/.installed-dev ## take the pictures of the report for the documents again
	$(BIN)/python docs/screenshots.py

test: $(VENV)/.installed-dev ## run all tests
	$(BIN)/pytest -n auto --dist worksteal

coverage: $(VENV)/.installed-dev ## run all tests and tell which lines none of them ran; takes longer
	$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered

torture: $(VENV)/.installed-dev ## break it on purpose for half an hour, and count what came of it
	cd tests && ../$(BIN)/python -m torture --output torture/results.json

check: $(VENV)/.installed-dev format lint types test ## format, lint, strict types, tests

format: $(VENV)/.installed-dev ## format the Python files
	$(BIN)/ruff format .

lint: $(VENV)/.installed-dev ## find what the style forbids
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev ## check the types strictly
	$(BIN)/mypy

clean: ## remove what was built, and the generated data, its warehouse and its report
	rm -rf $(VENV) .venv-bench $(DATA) build sparkify.duckdb sparkify.duckdb.wal report.html

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setting up $(VENV) (once; about a minute)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(SETUP_FLAGS) \
		--constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(SETUP_FLAGS) \
		--constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed
