# Everything runs in a virtual environment of its own; nothing else is touched. `make help` lists the targets.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check format chaos search reconcile bench profile measure trail lock clean

help:  ## what can be typed
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/runtime: requirements/runtime.lock pyproject.toml scripts/venv.sh
	@sh scripts/venv.sh $(PYTHON) $(VENV) requirements/runtime.lock
	@touch $@

$(VENV)/dev: requirements/dev.lock pyproject.toml scripts/venv.sh
	@sh scripts/venv.sh $(PYTHON) $(VENV) requirements/dev.lock
	@touch $@ $(VENV)/runtime

demo: $(VENV)/runtime  ## the whole product on invented data, in a minute (ARGS="--keep", "--json", ...)
	@$(BIN)/simpeg-sync demo $(ARGS)

test: $(VENV)/dev  ## every test, on real PostgreSQL and MariaDB too
	@sh scripts/servers.sh
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

check: $(VENV)/dev  ## lint, strict types, import contracts, format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev  ## let ruff format everything
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

chaos: $(VENV)/dev  ## kill -9 the daemon 200 times during a day, then count at BKN (ROUNDS=, SEED=)
	$(BIN)/python -m tests.chaos --rounds $(or $(ROUNDS),200) $(if $(SEED),--seed $(SEED))

search: $(VENV)/dev  ## every interleaving of one record, two workers and a bad network (ARGS=--deep)
	$(BIN)/python -m tests.search $(ARGS)

reconcile: $(VENV)/dev  ## 13,000 employees with planted differences: found, missed, invented, calls (ARGS="--employees 300")
	@sh scripts/servers.sh
	$(BIN)/python -m tests.reconcile $(ARGS)

bench: $(VENV)/dev  ## how fast, beside naive loops and published engines, on this machine (ARGS="--quick", "--only latency", ...)
	@sh scripts/servers.sh
	$(BIN)/python -m bench $(ARGS)

profile: $(VENV)/dev  ## what a change costs our own process, by thread (ARGS="--ledger postgresql", "--delay-ms 20", ...)
	@sh scripts/servers.sh
	$(BIN)/python -m bench.profile $(ARGS)

measure: $(VENV)/dev  ## what the capture modes cost: a scan of a million rows, an idle look (ARGS="--rows 100000")
	@sh scripts/servers.sh
	$(BIN)/python -m bench.captures $(ARGS)

trail: $(VENV)/dev  ## what the audit trail costs the engine, and how long a million rows take to verify (ARGS="--pairs 3 --verify 0")
	@sh scripts/servers.sh
	$(BIN)/python -m bench.trail $(ARGS)

lock: $(VENV)/dev  ## write the lock files anew from pyproject.toml (needs uv)
	sh scripts/lock.sh

clean:  ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
