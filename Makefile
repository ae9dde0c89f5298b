# Everything a newcomer types; each target sets up what it needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
WISH ?= a norse fishing village in winter
STEPS ?= 3
TORCH := 2.13.0

export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup system-packages models world test test-system docs bench clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q torch==$(TORCH)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[voice]'
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[voice,dev]'
	touch $@

setup: $(VENV)/.installed

models: setup
	$(BIN)/yggdrasil models pull smollm2-135m minilm >/dev/null

world: models
	$(BIN)/yggdrasil new "$(WISH)" --steps $(STEPS) --yes

test: $(VENV)/.dev models
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

system-packages:
	{ command -v fiu-run && command -v chromium; } >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends fiu-utils chromium; }

test-system: $(VENV)/.dev models system-packages
	$(BIN)/python -m pytest -m system -n 2 --dist loadfile --no-loadscope-reorder

docs: $(VENV)/.dev
	$(BIN)/python docs/site.py

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.table

clean:
	rm -rf $(VENV) build dist *.egg-info
