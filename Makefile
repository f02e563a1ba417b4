# Two commands on a fresh machine with Python >= 3.11 and make: `make demo` and `make test`. For daily work: `make quick`.
# The virtual environment is made when missing, and again when pyproject.toml or the constraints change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
ENGINE ?= $(shell nvidia-smi -L >/dev/null 2>&1 && echo gpu || echo cpu)

.PHONY: demo test quick lint docs peers axe review clean
demo: $(STAMP)
	$(BIN)/forethought demo

test: $(STAMP)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder --durations 12

quick: $(STAMP)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not engine and not slow"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The pages as a site with search, for a browser without a network: site/docs/index.html.
docs: $(STAMP)
	$(BIN)/python -m sphinx -b html -W --keep-going -q -c docs . site

# uv does not read pip's settings: pip's find-links are passed on, where a CPU build of torch may lie.
# Bytecode is compiled here: where Python may not write it, importing vLLM takes 28 s instead of 13, at every engine start.
# On a CPU, torchvision and its kind are left out: registry builds of them need CUDA and break peft's import.
$(STAMP): pyproject.toml constraints.txt docs/no-vision.txt
	@$(PYTHON) -c 'import sys; sys.exit("Forethought needs Python 3.11 or newer; set PYTHON=python3.11 or the like" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	UV_FIND_LINKS="$${UV_FIND_LINKS-$$PIP_FIND_LINKS}" VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode \
		--constraint constraints.txt $(if $(filter cpu,$(ENGINE)),--override docs/no-vision.txt) --editable ".[$(ENGINE),dev]"
	@touch $(STAMP)

# The peers that `forethought bench` compares with.
peers: $(STAMP)
	UV_FIND_LINKS="$${UV_FIND_LINKS-$$PIP_FIND_LINKS}" VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode \
		--constraint constraints.txt $(if $(filter cpu,$(ENGINE)),--override docs/no-vision.txt) --editable ".[$(ENGINE),dev,bench]"

# Accessibility in a browser, for developers with Node and Chromium (docs/axe.mjs); nothing is installed in this folder.
AXE ?= $(or $(TMPDIR),/tmp)/forethought-axe
CHROMIUM ?= $(shell command -v chromium || command -v google-chrome || command -v chromium-browser)
axe: $(STAMP)
	npm install --silent --no-save --no-package-lock --prefix $(AXE) axe-core@4 playwright-core@1
	$(if $(PAGES),,rm -rf $(AXE)/pages && $(BIN)/python tests/pages.py $(AXE)/pages >/dev/null)
	AXE_MODULES=$(AXE) CHROMIUM=$(CHROMIUM) node docs/axe.mjs $(or $(PAGES),$(foreach page,report review compare,$(AXE)/pages/$(page)/$(page).html))

# Fifty decisions on review.html in the same browser, saved, used and kept (docs/review.py); about three minutes on two cores.
review: $(STAMP)
	npm install --silent --no-save --no-package-lock --prefix $(AXE) axe-core@4 playwright-core@1
	AXE_MODULES=$(AXE) CHROMIUM=$(CHROMIUM) $(BIN)/python docs/review.py $(AXE)/review

clean:
	rm -rf $(VENV) .ruff_cache .mypy_cache .pytest_cache
