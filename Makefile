# `make` lists what it can do. Everything it installs goes into .venv and node_modules; only `make test`
# may install something outside them: Chromium and Firefox, where none is found.

# The first Python that is new enough; another one: make PYTHON=/path/to/python
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
LOCK := $(BIN)/uv --quiet pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

# The Node of the venv, before any other.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test tests tests-js tests-py quick check screenshots bench bench-page bench-push bench-start bench-failover bench-merge soak soak-merge soak-crash soak-pages soak-push soak-sync soak-management soak-attacks soak-honest soak-history soak-cluster format lock docker clean

help: ## this list
	@echo 'GollabEdit: plain text edited together, live, kept in Git.'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-19s %s\n", $$1, $$2 }'

run: .venv/run.stamp ## serve on http://localhost:8080, documents in ./data (another port: make run ARGS='--port 9000')
	@exec $(BIN)/gollabedit serve $(ARGS)

test: .venv/test.stamp node_modules/.stamp ## every test: JavaScript, Python, browser (installs what they need)
	@shell=$$(tools/browser Shell) && chromium=$$(tools/browser Chromium) && firefox=$$(tools/browser Firefox) && \
		$(MAKE) --no-print-directory --jobs 2 tests CHROMIUM="$$chromium" CHROMIUM_SHELL="$$shell" FIREFOX="$$firefox"

quick: .venv/test.stamp node_modules/.stamp ## the tests that need neither a browser nor a running server; about a minute
	@$(MAKE) --no-print-directory --jobs 2 tests PYTEST='-m "not browser and not long" --ignore tests/server/sockets'

check: .venv/test.stamp node_modules/.stamp ## format, lint, types, layers, then every test; CI runs this
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	node_modules/.bin/biome check --error-on-warnings
	node_modules/.bin/tsc
	@$(MAKE) --no-print-directory test

# In parallel; the output of the JavaScript tests is printed at once, not between the dots of the others.
# What stays together in one process is in tests/conftest.py. Each process imports a thousand modules, which are compiled
# before, once, where Python may keep the result.
tests: tests-js tests-py

tests-js:
	@output=$$($(BIN)/node --test 'tests/web/**/*.test.js' 2>&1); code=$$?; echo "$$output"; exit $$code

tests-py:
	@test -d tests/__pycache__ || PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --collect-only --quiet --quiet >/dev/null || true
	TMPDIR=$$(tools/temporary-folder) PYTHONDONTWRITEBYTECODE= \
		CHROMIUM='$(CHROMIUM)' CHROMIUM_SHELL='$(CHROMIUM_SHELL)' FIREFOX='$(FIREFOX)' \
		$(BIN)/pytest -n auto --dist loadscope --no-loadscope-reorder $(PYTEST)

screenshots: .venv/test.stamp ## pictures of every state of the pages, to be looked at (into build/screenshots)
	@shell=$$(tools/browser Shell) && CHROMIUM_SHELL="$$shell" $(BIN)/python tests/browser/screenshots.py build/screenshots

bench: .venv/test.stamp bench/load/node_modules/.stamp ## the server under load beside other servers (ARGS='--quick', ARGS='--help')
	@$(BIN)/python -m bench.load $(ARGS)

bench-page: .venv/test.stamp ## how long a key takes to the screen, the own and another page's (ARGS='--help')
	@shell=$$(tools/browser Shell) && CHROMIUM_SHELL="$$shell" $(BIN)/python -m bench.page $(ARGS)

bench-push: .venv/test.stamp ## how long a push takes until somebody sees it (ARGS='--help')
	@$(BIN)/python -m bench.push $(ARGS)

bench-start: .venv/test.stamp ## how long the command line takes to start, and its memory (ARGS='--help')
	@$(BIN)/python -m bench.start $(ARGS)

bench-failover: .venv/test.stamp ## how long documents take to open that another node owns, also one that was killed (ARGS='--help')
	@$(BIN)/python -m bench.failover $(ARGS)

bench-merge: .venv/bench.stamp bench/merge/node_modules/.stamp ## the merge beside other tools: how right, how quick (ARGS='--help')
	@$(BIN)/python -m bench.merge $(ARGS)

soak: ## soak-merge, -crash, -pages, -push, -sync, -management (with ARGS only one by one: make soak-crash ARGS='--help')
	@$(MAKE) --no-print-directory soak-merge ARGS=
	@$(MAKE) --no-print-directory soak-crash ARGS=
	@$(MAKE) --no-print-directory soak-pages ARGS=
	@$(MAKE) --no-print-directory soak-push ARGS=
	@$(MAKE) --no-print-directory soak-sync ARGS=
	@$(MAKE) --no-print-directory soak-management ARGS=

soak-merge: .venv/test.stamp ## a million keystrokes of people who type at one time, merged (ten minutes)
	@$(BIN)/python -m tests.merge.typists $(or $(ARGS),--keystrokes 1000000)

soak-crash: .venv/test.stamp ## the server, killed 200 times while people type, keeps its promises (ten minutes)
	@$(BIN)/python -m tests.crash $(or $(ARGS),--rounds 200)

soak-pages: .venv/test.stamp ## twenty people, four of them in real pages, and all goes wrong (five minutes)
	@shell=$$(tools/browser Shell) && CHROMIUM_SHELL="$$shell" $(BIN)/python -m tests.browser.soak $(ARGS)

soak-attacks: .venv/test.stamp ## one hostile address after the other, while somebody else types (nine minutes; ARGS='--help')
	@TMPDIR=$$(tools/temporary-folder) $(BIN)/python -m tests.soak.attacks $(ARGS)

soak-honest: .venv/test.stamp ## five hundred people and programs at one time, of whom none may be limited (ten minutes)
	@TMPDIR=$$(tools/temporary-folder) $(BIN)/python -m tests.soak.honest $(ARGS)

soak-history: .venv/test.stamp ## 20,000 edits with pauses, kills, a purge and a forgotten half, and what the history tells of them (one minute)
	@TMPDIR=$$(tools/temporary-folder) $(BIN)/python -m tests.soak.history $(ARGS)

soak-push: .venv/test.stamp ## 200 pushes from four clones while sixteen people type (two minutes)
	@$(BIN)/python -m tests.soak.push $(ARGS)

soak-sync: .venv/test.stamp ## two files of one document, edited, offline and killed at random (three minutes)
	@$(BIN)/python -m tests.soak.sync $(ARGS)

soak-cluster: .venv/test.stamp ## three nodes and a PostgreSQL pair, of which one part after the other fails 200 times (an hour; ARGS='--help')
	@TMPDIR=$$(tools/temporary-folder) $(BIN)/python -m tests.soak.cluster $(ARGS)

soak-management: .venv/test.stamp ## a document, renamed, deleted and restored while programs write and the server is killed (three minutes)
	@$(BIN)/python -m tests.soak.management $(ARGS)

format: .venv/test.stamp node_modules/.stamp ## rewrite the code as `make check` wants it
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	node_modules/.bin/biome check --write

lock: .venv/test.stamp ## write requirements*.txt and package-lock.json anew (UPGRADE=1 for newer versions)
	test -x $(BIN)/uv || $(PIP) uv
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) pyproject.toml --extra postgresql -c requirements.txt -o requirements-postgresql.txt
	$(LOCK) --group build -o requirements-build.txt
	$(LOCK) --group bench -o requirements-bench.txt
	$(LOCK) pyproject.toml --group dev --extra postgresql -c requirements.txt -c requirements-build.txt -o requirements-dev.txt
	$(BIN)/npm $(if $(UPGRADE),update,install) --package-lock-only --ignore-scripts
	$(BIN)/npm $(if $(UPGRADE),update,install) --package-lock-only --ignore-scripts --prefix bench/merge
	$(BIN)/npm $(if $(UPGRADE),update,install) --package-lock-only --ignore-scripts --prefix bench/load

docker: ## build the image `gollabedit`
	docker build --tag gollabedit .

clean: ## remove what make made, but not the documents
	rm -rf .venv node_modules bench/merge/node_modules bench/load/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find merge server web tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was installed from, so a second run installs nothing.
$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'make: no Python 3.11 or newer found; install one, or name it: make PYTHON=/path/to/python' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'make: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt requirements-build.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements.txt -r requirements-build.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test.stamp: requirements-dev.txt .venv/run.stamp
	$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.stamp: package.json package-lock.json .npmrc .venv/test.stamp
	$(BIN)/npm ci --ignore-scripts --no-progress
	@touch $@

.venv/bench.stamp: requirements-bench.txt .venv/test.stamp
	$(PIP) --require-hashes -r requirements-bench.txt
	@touch $@

bench/merge/node_modules/.stamp: bench/merge/package.json bench/merge/package-lock.json bench/merge/.npmrc .venv/test.stamp
	$(BIN)/npm ci --ignore-scripts --no-progress --prefix bench/merge
	@touch $@

bench/load/node_modules/.stamp: bench/load/package.json bench/load/package-lock.json bench/load/.npmrc .venv/test.stamp
	$(BIN)/npm ci --ignore-scripts --no-progress --prefix bench/load
	@touch $@
