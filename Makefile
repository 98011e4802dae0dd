# Needs git, make and Python 3.11 or newer with its venv module. `make` alone lists the targets.
SHELL = /bin/sh
.DEFAULT_GOAL = help

PYTHON ?= python3
PORT ?= 8000
export PORT

VENV = .venv
RUN = $(VENV)/bin/python
MANAGE = $(RUN) manage.py
INSTALL = $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help setup setup-dev setup-browser demo serve test proof bench bench-import chaos-inbound lint format types check lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/runtime.stamp ## create .venv with what the application needs

setup-dev: $(VENV)/dev.stamp ## the same, with everything tests and checks need

# --clear: an interpreter that was upgraded away leaves a .venv behind that cannot be repaired.
$(RUN):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Latchkey needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamps make a second run instant and a changed lock install again.
$(VENV)/runtime.stamp: requirements.lock | $(RUN)
	@echo "Installing the packages of requirements.lock"
	@$(INSTALL) -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock requirements.lock | $(RUN)
	@echo "Installing the packages of requirements-dev.lock"
	@$(INSTALL) -r requirements-dev.lock
	@touch $@ $(VENV)/runtime.stamp

setup-browser: ## install Chromium for the browser tests, unless one is there
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then \
	  echo "A Chromium is installed."; \
	elif [ "$$(id -u)" = 0 ]; then \
	  apt-get update -q && apt-get install -q -y --no-install-recommends chromium; \
	else \
	  sudo apt-get update -q && sudo apt-get install -q -y --no-install-recommends chromium; \
	fi

# Asked before any work, so that a taken port does not surface after the welcome has been printed.
PORT_IS_FREE = $(RUN) -c 'import socket, sys; port = "$(PORT)"; \
  port.isdecimal() and 0 < int(port) < 65536 or sys.exit(f"PORT must be a number from 1 to 65535, not {port}."); \
  socket.socket().connect_ex(("127.0.0.1", int(port))) or sys.exit(f"Port {port} is in use; choose another with: make $@ PORT=8001")'

demo: setup ## run Latchkey with a demo organization on PORT (default 8000)
	@$(PORT_IS_FREE)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) collectstatic --noinput --verbosity 0
	@$(MANAGE) load_demo --port $(PORT)
	@WITH_WORKER=true exec $(RUN) -m gunicorn -c config/gunicorn.py config.wsgi

serve: setup ## migrate, then run gunicorn on PORT against DATABASE_URL or the embedded database
	@$(PORT_IS_FREE)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) collectstatic --noinput --verbosity 0
	@WITH_WORKER=true exec $(RUN) -m gunicorn -c config/gunicorn.py config.wsgi

test: setup-dev ## run the suite on SQLite and, when one answers, on PostgreSQL (ARGS go to pytest)
	@$(RUN) tests/run.py $(ARGS)

CASES ?= 5000

proof: setup-dev ## tell CASES made-up stories of contacts on all wires (default 5000), new ones in every run
	@PROOF_CASES="$(CASES)" $(RUN) tests/run.py tests/contracts/test_three_wires.py $(ARGS)

# On the PostgreSQL of BENCH_POSTGRES_URL, by a superuser. The databases stay for the next run.
ROWS ?= 100000
SECONDS ?= 3
ROUNDS ?= 3
KEEP ?= 1

bench: setup-dev ## measure speed on PostgreSQL with ROWS contacts (default 100000; ONLY=winnerr,rentalot,estateprime,statements,totals,inbound)
	@$(RUN) -m benchmarks.run --rows "$(ROWS)" --seconds "$(SECONDS)" --rounds "$(ROUNDS)" --only "$(ONLY)" --keep "$(KEEP)"

SQLITE_ROWS ?= 100000

bench-import: ROWS = 1000000
bench-import: setup-dev ## measure an import of ROWS rows (default 1000000) beside COPY and bulk_create, and SQLITE_ROWS on SQLite
	@$(RUN) -m benchmarks.imports --rows "$(ROWS)" --sqlite "$(SQLITE_ROWS)"

DELIVERIES ?= 100000
KILLS ?= 20
DATABASE ?= postgresql

chaos-inbound: setup-dev ## send DELIVERIES (default 100000) in disorder while KILLS (20) workers are killed, and count
	@$(RUN) -m benchmarks.chaos_inbound --deliveries "$(DELIVERIES)" --kills "$(KILLS)" --database "$(DATABASE)"

lint: setup-dev ## ruff, formatting and the import contracts
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(VENV)/bin/lint-imports --no-cache

format: setup-dev ## let ruff fix and format what it can
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

types: setup-dev ## mypy
	$(RUN) -m mypy .

check: setup-dev ## Django's system checks, and models without a migration
	$(MANAGE) check
	$(MANAGE) makemigrations --check --dry-run

# With uv on the PATH. `fewest`: one version of each package for every supported Python, so that what CI tests is
# what everybody runs.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml

lock: ## pin again what pyproject.toml asks for (needs uv; ARGS=--upgrade moves everything)
	$(LOCK) -o requirements.lock $(ARGS)
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock $(ARGS)

clean: ## remove .venv and caches; data under var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
