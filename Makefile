# make lab     set up, fetch a model, open JupyterLab on notebooks/explorer.ipynb
# make app     the same notebook as a page, without code
# make test    set up and run the tests              make test ARGS="-k tokens -x"
# make lint    ruff, mypy, import-linter; eslint, prettier and tsc where Node.js is there
# make soak    the long forms of tests: every architecture at every length, junk, memory, both ends of every range of versions
# make bench   the measurements that README and CHANGELOG quote
#              make bench DEVICE=cuda: the tests of truth, attention, ablation and full memory there, and what a step costs
# make clean   remove .venv and every cache in this folder (models on disk stay)
#
# MODEL=NAME make lab           a model of your choice (see `explorer models list`); without it the best one within reach
# PYTHON=/path/to/python3.11    another interpreter for .venv
#
# pip's own settings (pip.conf, PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, ...) hold as they stand: nothing here overrides them.

PYTHON ?= python3
MODEL ?= auto
DEVICE ?= cpu
VENV := .venv
PIP := $(VENV)/bin/python -m pip
EXPLORER := $(VENV)/bin/python -m explorer
HAS_NODE := node -e '[a, b] = process.versions.node.split("."); process.exit(+(a * 1000 + +b < 20019))' 2>/dev/null && \
    npm --version >/dev/null 2>&1
WITH_MODEL = $(if $(filter-out auto,$(MODEL)),--model "$(MODEL)")

export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.PHONY: help lab app test lint soak bench clean fetch node-is-there
help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

lab: fetch
	@$(EXPLORER) lab $(WITH_MODEL) -- --ServerApp.root_dir=notebooks

app: fetch
	@$(EXPLORER) app $(WITH_MODEL)

# Without a network the app still opens, with what is on the disk: only Ctrl-C (130) stops here.
fetch: $(VENV)/.for-use
	@$(EXPLORER) models fetch "$(MODEL)" || [ $$? -ne 130 ]

test: $(VENV)/.for-tests fetch
	@if $(HAS_NODE); then $(MAKE) --silent node_modules/.for-checks; fi
	@$(VENV)/bin/python -m pytest $(ARGS)

lint: $(VENV)/.for-tests
	@$(VENV)/bin/python -m ruff check .
	@$(VENV)/bin/python -m ruff format --check .
	@$(VENV)/bin/python -m mypy
	@$(VENV)/bin/lint-imports
	@if $(HAS_NODE); then $(MAKE) --silent node_modules/.for-checks && npm run --silent lint; \
	else echo "JavaScript was not checked: there is no Node.js 20.19 or newer with npm here."; test -z "$$CI"; fi

soak: $(VENV)/.for-tests
	@$(VENV)/bin/python -m pytest -m soak $(ARGS)

bench: $(VENV)/.for-tests fetch
ifeq ($(DEVICE),cpu)
	@$(VENV)/bin/python -m pytest -q -s tests/benchmarks $(ARGS)
else
	@$(VENV)/bin/python -c 'import sys; from explorer.engine.loading import devices; "$(DEVICE)" in devices() or \
	    sys.exit("There is no device $(DEVICE) here, so nothing was measured. Here are: " + ", ".join(devices()))'
	@EXPLORER_TEST_DEVICE="$(DEVICE)" $(VENV)/bin/python -m pytest -q -s -k "not numpy and not rotary_half" \
	    $(addprefix tests/engine/test_,truth.py attention.py ablation.py breaking_off.py) \
	    tests/benchmarks/test_forward_speed.py $(ARGS)
endif

clean:
	rm -rf $(VENV) node_modules .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache dist
	find explorer tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up: stamps make the second run cost nothing -----------------------------------------------------------------

# pip prints some 300 lines, or with -q none for minutes. This keeps a dot a package and the names of large downloads.
define QUIET_BUT_ALIVE
awk '/^ *Collecting / { printf "."; fflush() } \
     /^ *Downloading .*[0-9][0-9.]* [MG]B\)/ { \
         count = split($$2, path, "/"); size = $$(NF - 1) " " $$NF; \
         if (size ~ /GB/ || substr(size, 2) + 0 >= 10) { printf "\n  %s %s ", path[count], size; fflush() } } \
     /^Installing collected packages/ { printf "\n  packages to install: %d\n", NF - 3; fflush() }'
endef

# $(call install,WHAT)
define install
set -o pipefail; \
$(PIP) install --constraint constraints.txt --editable '$(1)' | $(QUIET_BUT_ALIVE) || \
    { echo; echo "The packages could not be installed: pip's own words stand above. 'make' again goes on from here."; exit 1; }
endef

$(VENV)/.for-use: SHELL := bash
$(VENV)/.for-use: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Setting up $(VENV) (once; about 0.5 GB to download where pip has nothing cached; several with a CUDA torch)"
	@$(call install,.)
	@touch $@

$(VENV)/.for-tests: SHELL := bash
$(VENV)/.for-tests: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Setting up $(VENV) for the tests (once)"
	@$(call install,.[test])
	@touch $(VENV)/.for-use $@

node-is-there:
	@$(HAS_NODE)

node_modules/.for-checks: package.json package-lock.json
	@npm ci --silent
	@touch $@

$(VENV)/bin/python:
	@command -v "$(PYTHON)" >/dev/null || \
	    { echo "There is no '$(PYTHON)' here. Install Python 3.11 or newer, or say PYTHON=/path/to/python3.11."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "'$(PYTHON)' is older than Python 3.11. Say PYTHON=/path/to/python3.11."; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "'$(PYTHON)' has no venv module. Install it (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }
	@"$(PYTHON)" -m venv $(VENV)
