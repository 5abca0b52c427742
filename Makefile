# Everything a newcomer needs: `make demo` and `make test`. Both set themselves up.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.DEFAULT_GOAL := help
.PHONY: help demo test test-real sweep faults tables mutants check bench lock clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 12

demo: $(VENV)/run ## the main job, from an empty folder, against a platform on this machine
	@$(BIN)/postcron demo

# Whatever the environment says: without it four workers compile every test anew, each time.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/dev ## the whole suite, on loopback only
	$(BIN)/python -m pytest -n 4 --dist worksteal

check: $(VENV)/dev ## format, lint, types and floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-real: $(VENV)/dev ## against real servers: a Bluesky PDS (needs Node), S3, PgBouncer, a Mastodon mock, Chromium
	$(BIN)/python -m tests.real.install
	$(BIN)/python -m pytest -m "real or not real" tests/real tests/media/test_s3.py tests/operations/test_hosts.py

SEED ?= 1
COUNT ?= 250
sweep: $(VENV)/dev ## never twice, the long way: SEED=… COUNT=… (20 minutes on 2 cores); docs/proof.md anew
	$(BIN)/python -m tests.proof --seed $(SEED) --count $(COUNT) --save

faults: $(VENV)/dev ## docs/faults.md anew: each fault, its tests and their last results
	$(BIN)/python -m tests.proof.faults

tables: $(VENV)/dev ## docs/platforms.md anew: what each platform takes and can do
	$(BIN)/python -m tests.tables

mutants: $(VENV)/dev ## seed known defects in a copy, one at a time; the tests must see each
	$(BIN)/python -m tests.mutants

bench: $(VENV)/dev ## the figures of bench/, each beside its baseline
	$(BIN)/python -m bench

lock: $(VENV)/dev ## write requirements/*.txt anew from pyproject.toml and requirements/*.in
	$(BIN)/python requirements/lock.py

clean: ## remove everything make made
	rm -rf $(VENV) .cache demo-run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "postcron needs Python 3.11 or newer; set PYTHON=python3.12 or the like")'
	$(PYTHON) -m venv $(VENV)

# What postcron needs to run, from the lock with hashes; the package itself is linked, not copied.
$(VENV)/run: requirements/build.txt requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/build.txt
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: $(VENV)/run requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
