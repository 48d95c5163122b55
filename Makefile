SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PORT ?= 8080
CALLQ_DEMO_ARGS ?=
PYTEST_ARGS ?=
# One more than there are cores: some test always waits, for a browser, a server or a clock.
WORKERS ?= $(shell echo $$(($$(nproc) + 1)))
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	pyproject.toml --group build
UPGRADE ?=

# Set in many containers; every server that a test starts would then compile callq anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test container lint types js fmt lock clean bootstrap-dev

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

demo: ## run a live hall and print the links of its pages (PORT=8080, CALLQ_DEMO_ARGS for more)
	@scripts/bootstrap runtime
	@exec $(BIN)/callq demo --port $(PORT) $(CALLQ_DEMO_ARGS)

test: ## run all checks and tests (PYTEST_ARGS to choose tests, WORKERS)
test: lint types js
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile $(PYTEST_ARGS)

container: ## build the image and run the compose file's services without Docker (root, debootstrap, network)
container: bootstrap-dev
	@$(BIN)/python -m tests.container

lint: ## check style and formatting
lint: bootstrap-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: ## check the types of the Python code
types: bootstrap-dev
	$(BIN)/mypy

js: ## check the types of the JavaScript code
js: bootstrap-dev
	node_modules/.bin/tsc --project .

fmt: ## format the Python code and mend what can be mended
fmt: bootstrap-dev
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

lock: ## lock the requirements anew (UPGRADE=--upgrade for newer versions)
lock: bootstrap-dev
	$(LOCK) $(UPGRADE) --output-file requirements/base.lock
	$(LOCK) $(UPGRADE) --extra dev --constraints requirements/base.lock --output-file requirements/dev.lock
	npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
	@! grep -nE '://|"resolved"' requirements/*.lock package-lock.json

clean: ## remove everything that can be made again
	rm -rf .venv node_modules build *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

bootstrap-dev:
	@scripts/bootstrap dev
