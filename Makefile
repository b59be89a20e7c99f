# make train [ARGS="..."]    sets up .venv, then trains and writes a held-out report
# make train MIXTURE=...     the same on another mixture, as flan_core
# make test  [ARGS="..."]    sets up .venv with the test tools, then runs the tests

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
MIXTURE ?= flan_micro
# What the demonstration takes, chosen on a seed of its own (docs/base_model.md); ARGS come after.
SIZE = $(if $(filter flan_micro,$(MIXTURE)),--steps 400 --eval.rows-per-task 120)
# On Linux, a sixth of a run's CPU time is else handing out small pages to large arrays.
HUGE_PAGES = GLIBC_TUNABLES=$${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}
INSTALL = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: train test
.DELETE_ON_ERROR:

train: $(VENV)/.ready-train
	$(HUGE_PAGES) $(VENV)/bin/python train.py --mixture $(MIXTURE) $(SIZE) $(ARGS)

test: $(VENV)/.ready-test
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile $(ARGS)

# The test tools include all that training needs.
$(VENV)/.ready-test: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing flanlike and the test tools into $(VENV) (some minutes, once)"
	$(INSTALL) --editable '.[test]'
	@touch $@ $(VENV)/.ready-train

$(VENV)/.ready-train: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing flanlike into $(VENV) (a minute or two, once)"
	$(INSTALL) --editable .
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is missing or older than 3.11: name one by PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "error: no virtual environment: on Debian and Ubuntu," \
	    "apt-get install python3-venv" >&2; exit 2; }
