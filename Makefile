# `make help` lists the commands.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

PYTHON ?= python3
EVENT ?= events/comics.json

export VIRTUAL_ENV := $(CURDIR)/.venv
export PATH := $(VIRTUAL_ENV)/bin:$(PATH)
# Keep serverless from looking for credentials of an EC2 machine, and from a warning about Node's version.
export AWS_EC2_METADATA_DISABLED := true
export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED := true
# Keep the contract's linter from the network.
export REDOCLY_TELEMETRY := off
export REDOCLY_SUPPRESS_UPDATE_NOTICE := true

SERVERLESS := node_modules/.bin/serverless
# Installs into an environment: $(call install,directory,requirements).
install = uv pip install --quiet --python $(1)/bin/python --require-hashes --requirement $(2) >&2
# An environment of its own, with Lambda's Python if this machine has one: $(call environment,directory,requirements).
environment = uv venv --quiet --clear --python $$(python -m tools.python313 || echo $(PYTHON)) $(1) >&2 && $(call install,$(1),$(2))
# In development mode, but with the usual allocator: the other one looks for faults of libraries in C, of which none is
# ours, and takes a tenth of the time. Tests start hundreds of processes, which takes half as long with compiled files: a
# shell that forbids those is overruled.
PYTEST := PYTHONMALLOC=default PYTHONDONTWRITEBYTECODE= python -X dev -m pytest -n auto --dist worksteal
# Without its extras, a lock would work with uv only, and with pip until the next release of a package that has one.
LOCK := uv pip compile --quiet --upgrade --universal --generate-hashes --no-strip-extras --python-version 3.11 \
	--custom-compile-command "make lock"

.PHONY: help run serve archive fill soak package audit test test-browser check format docs screenshots lock bench clean deploy remove logs invoke named-stage lambda-python real-archive chromium

help: ## List the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: .stamps/python .stamps/node ## Invoke the function once, locally: EVENT=events/….json, RAW=1, XKCD_URL=…
	@python -m tools.run $(EVENT)

serve: .stamps/python ## Serve locally with a stand-in for xkcd.com: PORT=…, XKCD_URL=…, TABLE=1
	@exec python -m tools.serve

archive: .stamps/python ## Make or renew archive.sqlite, all comics in a file: XKCD_URL=…, ARCHIVE=…, FILL_AT_ONCE=…
	@exec python -m tools.archive

fill: .stamps/python ## Write all comics to the table: COMICS_TABLE=…, XKCD_URL=…, FILL_AT_ONCE=…
	@exec python -m tools.fill

soak: .stamps/python ## Check every answer of a long run in all weather: INVOCATIONS=…, CLIENTS=…, SEED=…, WEATHER=…, JSON=…
	@exec python -m tools.soak

package: .stamps/python .stamps/wheels .stamps/node ## Build dist/function.zip, its bill of materials and its template: STAGE=prod
	@python -m tools.build_zip
	@python -m tools.sbom
	@$(SERVERLESS) package --stage $(or $(STAGE),prod)

audit: .stamps/audit .stamps/node ## Look for known vulnerabilities in all locked packages, on the network
	@python -m tools.audit

test: .stamps/python .stamps/wheels .stamps/node ## Run the tests, except for those in a browser: QUICK=1
	$(PYTEST) -m "not browser$(if $(QUICK), and not deployment and not soak)"

test-browser: .stamps/python .stamps/node chromium ## Run the tests in a real Chromium
	$(PYTEST) -m browser

check: .stamps/python .stamps/wheels .stamps/node .stamps/lint ## What CI runs: lint, types, tests with coverage
	ruff check .
	ruff format --check .
	mypy
	tools/lint/node_modules/.bin/redocly lint --config tools/lint/redocly.yaml app/web/openapi.json
	tools/lint/node_modules/.bin/spectral lint --fail-severity warn --ruleset tools/lint/spectral.yaml app/web/openapi.json
	$(PYTEST) -m "not browser" --cov --cov-report=term-missing

format: .stamps/python ## Format the sources
	ruff check --fix .
	ruff format .

docs: .stamps/python ## Write docs/api.md, and the examples in app/web/openapi.json, from real answers
	python -m tools.api_docs

screenshots: .stamps/python chromium ## Take the pictures in docs/screenshots/
	python -m tools.screenshots

bench: .stamps/python .stamps/wheels .stamps/function .stamps/bench ## Measure against the usual ways, into docs/: QUICK=1
	@python -m bench $(if $(QUICK),--quick)
	@.venv-bench/bin/python -m bench.report

deploy: named-stage lambda-python real-archive package ## Package and deploy: STAGE=prod
	$(SERVERLESS) deploy --stage $(STAGE)

remove: named-stage .stamps/node ## Remove a stage completely: STAGE=prod
	$(SERVERLESS) remove --stage $(STAGE)

logs: named-stage .stamps/node ## Follow the function's log: STAGE=prod
	$(SERVERLESS) logs --stage $(STAGE) --function api --tail

invoke: named-stage .stamps/node ## Answer one event in Lambda: STAGE=prod, EVENT=events/….json
	$(SERVERLESS) invoke --stage $(STAGE) --function api --path $(EVENT)

named-stage:
	@stages=$$(sed -n '/^params:/,/^provider:/s/^  \([a-z]*\):$$/\1/p' serverless.yml | grep -v default | paste -sd ' '); \
	if [[ " $$stages " != *" $(or $(STAGE),none) "* ]]; then \
		echo "STAGE is '$(STAGE)', but must be a stage that is deployed, one of: $$stages." >&2; exit 2; fi

# A package without compiled files is deployed only on purpose.
lambda-python: .stamps/python
	@python -m tools.python313 >/dev/null || { [[ -n "$(UNCOMPILED)" ]] || { \
		echo "With UNCOMPILED=1 it is deployed without compiled files, and starts half as fast." >&2; exit 1; }; }

# An archive of the stand-in's comics is for this machine.
real-archive: .stamps/python
	@python -m tools.archive_report

chromium:
	@python -m tools.chromium

lock: .stamps/python ## Renew all locks
	for name in requirements{,-uv,-dev,-runtime,-audit} bench/requirements; do $(LOCK) --output-file $$name.txt $$name.in; done
	npm update --package-lock-only
	npm update --package-lock-only --prefix tools/lint

clean: ## Remove everything that was made or installed, but not archive.sqlite
	rm -rf .venv .venv-runtime .venv-function .venv-bench .venv-audit .wheels node_modules tools/lint/node_modules .stamps .serverless dist
	rm -rf .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

# Progress goes to stderr: `make run` prints one JSON document on stdout and nothing else.
.stamps/python: requirements-uv.txt requirements-dev.txt
	@echo "Installing the Python packages into .venv" >&2
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv >&2
	@python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement requirements-uv.txt >&2
	@$(call install,.venv,requirements-dev.txt)
	@mkdir -p .stamps && touch $@

# Lambda's runtime: its Python, if this machine has one, and the packages that it brings.
.stamps/runtime: requirements-runtime.txt | .stamps/python
	@echo "Installing Lambda's runtime client into .venv-runtime" >&2
	@$(call environment,.venv-runtime,requirements-runtime.txt)
	@mkdir -p .stamps && touch $@

# The function's packages, for Lambda and for this machine. The zip is built from these without a network.
# manylinux2014 needs glibc 2.17; Lambda's Amazon Linux 2023 has 2.34.
.stamps/wheels: requirements.txt .stamps/runtime | .stamps/python
	@echo "Installing the function's packages into .wheels" >&2
	@rm -rf .wheels
	@$(call install,.venv,requirements.txt) --only-binary :all: --target .wheels/lambda \
		--python-platform aarch64-manylinux2014 --python-version 3.13
	@$(call install,.venv-runtime,requirements.txt) --target .wheels/local
	@mkdir -p .stamps && touch $@

# For `make bench` only: the function's packages alone, and those of the other ways.
.stamps/function: requirements.txt | .stamps/python
	@echo "Installing the function's packages into .venv-function" >&2
	@$(call environment,.venv-function,requirements.txt)
	@mkdir -p .stamps && touch $@

.stamps/bench: bench/requirements.txt | .stamps/python
	@echo "Installing the other ways to gather comics into .venv-bench" >&2
	@$(call environment,.venv-bench,bench/requirements.txt)
	@mkdir -p .stamps && touch $@

# For `make audit` only.
.stamps/audit: requirements-audit.txt | .stamps/python
	@echo "Installing pip-audit into .venv-audit" >&2
	@$(call environment,.venv-audit,requirements-audit.txt)
	@mkdir -p .stamps && touch $@

.stamps/node: package-lock.json
	@echo "Installing serverless into node_modules" >&2
	@npm ci --loglevel=error >&2
	@mkdir -p .stamps && touch $@

.stamps/lint: tools/lint/package-lock.json
	@echo "Installing the contract's linters into tools/lint" >&2
	@npm ci --prefix tools/lint --loglevel=error >&2
	@mkdir -p .stamps && touch $@
