# Everything that a developer or a newcomer does here; CI calls the same targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
MADE := .made-by-run
SETUP_FLAGS ?=
SIZE ?= S
ROUNDS ?= 3
PEERS ?=
ONLY ?=
CONTINUE ?=
MOST ?= 0
MODULES ?=
SEED ?=
PIP_AUDIT ?= pip-audit==2.10.1

# Hundreds of processes are started by the tests; none shall compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run docs screenshots bench test test-all coverage torture mutation audit check format lint types clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## make a month of data (or take DATA=folder), load it, answer, report
	@for path in "$(DATA)" sparkify.duckdb report.html; do \
		[ -e "$$path" ] || echo "$$path" >> $(MADE); done
	@if [ ! -e "$(DATA)/log_data" ] || [ -e "$(DATA)/truth.json" ]; then \
		$(BIN)/sparkify generate "$(DATA)" --quiet; fi
	@[ ! -e "$(DATA)/log_json_path.json" ] || set -- --log-jsonpath "$(DATA)/log_json_path.json"; \
		$(BIN)/sparkify etl --log-data "$(DATA)/log_data" --song-data "$(DATA)/song_data" "$$@"
	@$(BIN)/sparkify report --quiet
	@echo "The answers as charts: report.html, in any browser, without a network." >&2
	@echo "In this shell first: source $(BIN)/activate" >&2

docs: $(VENV)/.installed-dev ## write the generated parts of the documents again
	$(BIN)/python docs/refresh.py

bench: $(VENV)/.installed-dev ## measure a load beside its peers: SIZE=S, M or L
	@$(BIN)/python -m benchmarks $(SIZE) --rounds $(ROUNDS) --peers "$(PEERS)" --only "$(ONLY)" \
		$(if $(CONTINUE),--continue)

screenshots: $(VENV)/.installed-dev ## take the pictures of the report for the documents again
	$(BIN)/python docs/screenshots.py

test: $(VENV)/.installed-dev ## run every test once, with a sample of the cases of large families: SEED=...
	$(BIN)/pytest -n auto --dist worksteal $(if $(SEED),--seed $(SEED))

test-all: $(VENV)/.installed-dev ## run every case of every test
	$(BIN)/pytest -n auto --dist worksteal --all

coverage: $(VENV)/.installed-dev ## run all tests and list the lines that none of them ran; takes longer
	$(BIN)/pytest -n auto --dist worksteal --all --cov --cov-report=term:skip-covered

torture: $(VENV)/.installed-fuzz ## break it on purpose for half an hour, and count what came of it
	cd tests && ../$(BIN)/python -m torture --output torture/results.json

mutation: $(VENV)/.installed-dev ## put faults into the program one by one; a test must see each
	cd tests && ../$(BIN)/python -m mutation --most $(MOST) $(MODULES)

audit: .venv-audit/.installed ## ask PyPI whether a pinned version is known to be vulnerable
	@.venv-audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict \
		--progress-spinner off 2> .venv-audit/said || { \
		grep -q 'ConnectionError\|ProxyError\|Could not connect\|Max retries' .venv-audit/said \
		&& echo "make audit needs the internet: PyPI cannot be reached" \
		|| grep -v '^WARNING' .venv-audit/said; exit 1; } >&2

check: $(VENV)/.installed-dev format lint types test ## format, lint, strict types, tests

format: $(VENV)/.installed-dev ## format the Python files
	$(BIN)/ruff format .

lint: $(VENV)/.installed-dev ## find what the style forbids
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev ## check the types strictly
	$(BIN)/mypy

clean: ## remove what was built, and the data, warehouse and report that `make run` made
	@touch $(MADE); while read -r made; do \
		[ ! -e "$$made/truth.json" ] || (cd "$$made" && rm -rf song_data log_data log_json_path.json truth.json); \
		if [ -d "$$made" ]; then rmdir "$$made" || true; else rm -f "$$made" "$$made.wal"; fi; \
	done < $(MADE)
	rm -rf $(MADE) .venv-audit .venv-bench build $(dir $(wildcard $(VENV)/.made))

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setting up $(VENV) (once; about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@touch $(VENV)/.made

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(SETUP_FLAGS) \
		--constraint constraints.txt --editable '.[all]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(SETUP_FLAGS) \
		--constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-fuzz: $(VENV)/.installed-dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(SETUP_FLAGS) \
		--constraint constraints.txt --editable '.[dev,fuzz]'
	@touch $@

.venv-audit/.installed: Makefile
	@$(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_AUDIT) \
		|| { echo "make audit needs the internet: $(PIP_AUDIT) cannot be installed"; exit 1; } >&2
	@touch $@
