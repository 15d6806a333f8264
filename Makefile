# `make` lists what there is. Everything works on a bare machine: each target first sets up what it needs.
# Some machines forbid bytecode; without it every process compiles half of Ray anew and a start takes twice as long.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-test browsers run test check bench load chaos shots verify clean

TYPED := $(wildcard kit db events tenants billing inventory actors jobs web app loadtests)
LOAD_OPTIONS := $(if $(T),--seconds "$(T)") $(if $(U),--users "$(U)") $(if $(ENGINE),--engine "$(ENGINE)") $(if $(URL),--url "$(URL)")
RUN_OPTIONS := $(if $(PORT),--port "$(PORT)") $(if $(ENGINE),--engine "$(ENGINE)") $(if $(SALES),--sales "$(SALES)") $(if $(SPEED),--speed "$(SPEED)")

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## Python packages and screen assets; the others do it by themselves
	@./setup.sh run

setup-test:
	@./setup.sh test

browsers: ## a Chromium for the browser tests, where it may be installed
	@./setup.sh browsers

run: setup ## start everything; options: PORT=8000 ENGINE=ray|local SALES=export.csv.gz SPEED=max
	@exec .venv/bin/onhand run $(RUN_OPTIONS)

test: setup-test browsers ## every test; some of them: make test T="tests/house -k port"
	@exec .venv/bin/python -m pytest $(T)

check: setup-test ## style, types and the import contracts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy $(TYPED)
	.venv/bin/lint-imports

bench: setup-test ## engine and web beside what one would build instead, 5 minutes; FULL=1 for hours, W="W1 W3" for some
	@exec .venv/bin/python -m loadtests.bench $(if $(FULL),--full) $(W)

# KEY, TENANT, EMAIL and PASSWORD go by the environment, where no list of processes shows them.
load: setup-test ## tills, shop, dashboards, flash sale and dock at once for a minute; options: S="tills shop" T=60 U=100
	@exec .venv/bin/python -m loadtests $(LOAD_OPTIONS) $(S)

chaos: setup-test ## real faults, done to real parts under load; about 20 minutes, or some: make chaos C="A3 B21"
	@exec .venv/bin/python -m tests.chaos $(C)

shots: setup-test browsers ## pictures of key pages into var/shots: both themes, three languages, desk and phone; the guide shows some
	@exec .venv/bin/python -m tests.browser.shots

verify: setup ## prove from the first row that ledgers, balances and reservations agree
	@exec .venv/bin/onhand verify --deep

clean: ## remove what setup made; var/ with your data stays
	rm -rf .venv .stamps static/vendor static/dist node_modules tests/web/provider/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
