# Everything one types. `make` alone lists it.
PYTHON ?= python3
PORT ?= 8501
NAME ?=
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.requirements-installed

.DEFAULT_GOAL := help
.PHONY: help install run test lint bench proof messages browser postgres clean

help: ## what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(READY) ## the virtual environment with the pinned requirements

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Counterpart needs Python 3.11 or newer; name one with: make PYTHON=python3.11 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "No virtual environment could be made. On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

run: $(READY) ## start the console on http://127.0.0.1:8501 (another port: PORT=8502)
	exec $(BIN)/streamlit run app.py --server.port $(PORT)

test: $(READY) browser postgres ## run all tests (some of them: ARGS="tests/unit -k money")
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(READY) ## style and types
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(READY) ## every benchmark, as a table; one of them: NAME=stock-push ARGS="--skus 10000"
	$(BIN)/python -m bench $(if $(NAME),$(NAME) --json $(ARGS),table)

proof: $(READY) ## products and orders twice through both sandboxes, then every way to fail (an hour)
	$(BIN)/python -m sync demo --products 250 --orders 120 --json
	$(BIN)/python -m bench.proof $(NAME) $(ARGS)

messages: $(READY) ## bring the translation catalogues up to date
	$(BIN)/python -m console.messages

browser: # the tests drive an installed Chromium or Chrome; as root on Debian it is installed when missing
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	  command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
	  echo "The browser tests need Chromium or Chrome. On Debian: sudo apt-get install chromium"; exit 1; \
	fi

postgres: # the tests start a PostgreSQL server of their own; as root on Debian it is installed when missing
	@for found in /usr/lib/postgresql/*/bin/postgres $$(command -v postgres) "$$(pg_config --bindir 2>/dev/null)/postgres"; do \
	  test -x "$$found" && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; \
	else \
	  echo "The tests need PostgreSQL. On Debian: sudo apt-get install postgresql"; exit 1; \
	fi

clean: ## remove the virtual environment and caches (never the data folder)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
