# The only command surface: `make` alone says what there is.
# Everything is installed into .venv from hash-locked lists; a stamp per list tells what is there.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

# The first Python that is new enough; `make PYTHON=...` chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV ?= $(shell command -v uv || echo .venv/bin/uv)

PY := .venv/bin/python
# A list is whole, so nothing is resolved: an older pip takes the newest release of what a
# dependency asks for with an extra, and then finds that the list does not name it.
# pyvips comes as source alone: pure Python, its library is in the pyvips-binary wheel.
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-input \
	--no-deps --require-hashes --only-binary :all: --no-binary pyvips
SERVICES := gateway enhancer renderer storage feedback
# Of the list's content: a stamp for other content is removed with the next installation.
stamp = .venv/.installed-$(1)-$(shell cat requirements/$(1).txt 2>/dev/null | cksum | tr ' ' -)
LOCAL = $(call stamp,local)
DEV = $(call stamp,dev)
BROWSER = $(call stamp,browser)

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use it

.PHONY: demo run run-s3
demo: $(LOCAL) ## edit one photo, see every stage (PHOTO=... PROMPT=... PROVIDERS=emulated)
	@exec $(PY) -m deploy.local demo \
		$${PHOTO:+--photo "$$PHOTO"} $${PROMPT:+--prompt "$$PROMPT"} \
		$${PROVIDERS:+--providers "$$PROVIDERS"}

run: $(LOCAL) ## the whole stack on this machine, until Ctrl-C
	@exec $(PY) -m deploy.local run $${PROVIDERS:+--providers "$$PROVIDERS"}

run-s3: $(DEV) ## the same with SeaweedFS (S3) as object store
	@exec $(PY) -m deploy.local run-s3 $${PROVIDERS:+--providers "$$PROVIDERS"}

##@ Work on it

.PHONY: test unit check fmt isolation
test: $(DEV) ## the whole suite, against real servers that it starts itself
	@exec $(PY) -m pytest

unit: $(DEV) ## the quick part of it
	@exec $(PY) -m pytest $(wildcard tests/unit tests/contracts)

check: $(DEV) ## format, lint, types, import rules, contract drift
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m contracts.export --check

fmt: $(DEV) ## format and sort what can be
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format .

isolation: $(DEV) ## each service installed alone and imported
	@exec $(PY) -m tests.isolation

##@ Prove it

.PHONY: bench chaos browser deploy-check
bench: $(DEV) ## the measurements, each beside its reference (ONLY=providers, ONLY=gateway...)
	@exec $(PY) -m tests.bench $${ONLY:+--only $$ONLY}

chaos: $(DEV) ## processes killed at random while jobs run; thousands of made-up requests
	@$(PY) -m tests.chaos
	@$(PY) -m tests.chaos.flux
	@exec $(PY) -m tests.chaos.api

CHROMIUM ?= $(shell for b in chromium chromium-browser google-chrome; do command -v $$b && break; done)
browser: $(DEV) ## the web page in a real browser, in front of the whole stack (needs Chromium)
	@test -n "$(CHROMIUM)" \
		|| { echo "make browser needs Chromium: install it (on Debian the package chromium), or name one with CHROMIUM=..."; exit 1; }
	@test -e $(BROWSER) || $(MAKE) --no-print-directory $(BROWSER)
	@CHROMIUM="$(CHROMIUM)" exec $(PY) -m pytest tests/browser

deploy-check: $(DEV) ## compose file, Dockerfile, manifests and examples, offline
	@exec $(PY) -m tests.deploy_check

##@ Look after it

.PHONY: lock clean
LOCKED = --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	$(if $(UPGRADE),--upgrade)
COMPILE = $(UV) pip compile pyproject.toml $(LOCKED)
lock: ## write requirements/*.txt anew from pyproject.toml (UPGRADE=1: with newer versions)
	@test -x "$(UV)" || { echo "make lock needs uv: install it and try again"; exit 1; }
	@$(COMPILE) --all-extras --group dev -o requirements/dev.txt
	@set -e; for service in $(SERVICES); do \
		$(COMPILE) --extra $$service -c requirements/dev.txt -o requirements/$$service.txt; done
	@$(COMPILE) --extra renderer --extra rembg -c requirements/dev.txt -o requirements/rembg.txt
	@$(COMPILE) $(SERVICES:%=--extra %) --extra local -c requirements/dev.txt \
		-o requirements/local.txt
	@$(UV) pip compile --group pyproject.toml:browser $(LOCKED) -c requirements/dev.txt \
		-o requirements/browser.txt

clean: ## remove what was installed and built; the data in .mizual and out/ stay
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A .venv that has a working pip is used as it is.
.venv/.made:
	@test -n "$(PYTHON)" || { echo "Mizual needs Python 3.11 or newer: install it, or name one with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "$(PYTHON) is no Python 3.11 or newer: name another one with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) has no venv module: install it (on Debian the package python3-venv)"; exit 1; }
	@$(PY) -m pip --version > /dev/null 2>&1 \
		|| { rm -rf .venv && $(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }; }
	@touch $@

.venv/.installed-local-%: .venv/.made
	@echo "installing requirements/local.txt"
	@$(INSTALL) -r requirements/local.txt
	@$(PY) -m pip check --quiet
	@rm -f .venv/.installed-* && touch $@

# The development list holds everything of the local one, with the same versions.
.venv/.installed-dev-%: .venv/.made
	@echo "installing requirements/dev.txt"
	@$(INSTALL) -r requirements/dev.txt
	@$(PY) -m pip check --quiet
	@rm -f .venv/.installed-* && touch $@ $(LOCAL)

# Beside the development list, and no more than the one thing.
.venv/.installed-browser-%: .venv/.made
	@echo "installing requirements/browser.txt"
	@$(INSTALL) -r requirements/browser.txt
	@$(PY) -m pip check --quiet
	@rm -f .venv/.installed-browser-* && touch $@
