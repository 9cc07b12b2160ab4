# Two commands: `make demo` paints a picture, `make test` runs every test.  Both set up what they
# need in .venv; neither touches anything outside of this folder.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
# A plugin is a folder: nothing here changes when one comes or goes.
FOLDERS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml contrib/*/pyproject.toml))
MANIFESTS := pyproject.toml $(addsuffix /pyproject.toml,$(FOLDERS))
EDITABLE := -e . $(addprefix -e ,$(FOLDERS))
GROUPS := $(addprefix --group ,$(addsuffix :test,$(MANIFESTS))) --group pyproject.toml:check \
	--group pyproject.toml:docs
PICTURE := demo.png

# What people have is honoured; else the newest Python from 3.11 on that can be found.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := $(BIN)/uv

.PHONY: help demo test check docs bench clean

help:  ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

demo: $(VENV)/ready-to-use  ## Paint a picture: no key, no network
	@$(BIN)/impasto generate "a lighthouse at dawn" --model sketch/oil-1 --size 1024x768 \
		--out $(PICTURE) --overwrite

test: $(VENV)/ready-to-test  ## Run every test
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/ready-to-test  ## Lint and type-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy core/impasto $(wildcard plugins/*/impasto_* contrib/*/impasto_*)
	$(BIN)/pyrefly check
	$(BIN)/lint-imports

docs: $(VENV)/ready-to-test  ## Build the documentation
	@$(BIN)/python docs/build.py docs/_build

bench: $(VENV)/ready-to-bench  ## Measure against raw aiohttp, the openai SDK and LiteLLM
	$(BIN)/python tests/benchmarks/run.py $(ARGS)

clean:  ## Remove what the other commands made
	rm -rf $(VENV) $(PICTURE) docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# `pip install --target` works where the system's Python is managed by the distribution and where
# its venv module is missing; uv makes the environment then.
$(UV): constraints.txt
	@test -n "$(PYTHON)" || { echo "impasto needs Python 3.11 or later on the PATH"; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip --version >/dev/null 2>&1 || \
		{ echo "$(PYTHON) has no pip; install it, such as with: apt-get install python3-pip"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)"
	@rm -rf $(VENV) && mkdir -p $(BIN)
	@if $(PYTHON) -m pip --version >/dev/null 2>&1; \
		then $(PYTHON) -m pip install -q --disable-pip-version-check --no-warn-script-location --root-user-action ignore --target $(VENV)/tool "$$(grep '^uv==' constraints.txt)"; \
		else $(PYTHON) -m venv $(VENV)/seed && $(VENV)/seed/bin/pip install -q --target $(VENV)/tool "$$(grep '^uv==' constraints.txt)"; fi
	@$(VENV)/tool/bin/uv venv -q --allow-existing --seed --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV)
	@ln -sf ../tool/bin/uv $(UV) && touch $(UV)

$(VENV)/ready-to-use: $(UV) $(MANIFESTS)
	@$(UV) pip install -q --compile-bytecode -c constraints.txt --python $(BIN)/python $(EDITABLE)
	@touch $@

$(VENV)/ready-to-test: $(VENV)/ready-to-use
	@$(UV) pip install -q --compile-bytecode -c constraints.txt --python $(BIN)/python $(EDITABLE) $(GROUPS)
	@touch $@

$(VENV)/ready-to-bench: $(VENV)/ready-to-test
	@$(UV) pip install -q --compile-bytecode -c constraints.txt --python $(BIN)/python --group pyproject.toml:bench
	@touch $@
