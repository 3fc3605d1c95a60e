# make demo   install, label real files of every format, verify them, break one, show the result
# make test   everything
# make mutate looks for disagreements between the engines and about text, MINUTES=60 by default
# make fuzz   fuzzes the parsers under coverage guidance, MINUTES=60 by default
# make soak   kills a long scan again and again, FILES=300000 by default
# make messages  finds texts that people are told and that want a translation
# make check  the inner loop: lint, types and the quick tests, under 90 seconds
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install demo test check lint types schemas messages mutate fuzz soak wheel clean

# Every recipe runs in the project's directory, wherever make was called from.
ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
VENV := $(ROOT)/.venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON ?= python3
WORKERS ?= 2
MINUTES ?= 60
FILES ?= 300000
SLOW := scanning/test_scanning.py scanning/test_objects.py languages/test_messages.py test_fixtures.py
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:
	@sed -n 's/^# //p' $(ROOT)/Makefile

install: $(STAMP)

$(STAMP): $(ROOT)/pyproject.toml
	@cd $(ROOT)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kzlabel needs Python 3.11 or later; set PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "this Python can't make virtual environments: apt-get install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(STAMP)

demo: $(STAMP)
	@cd $(ROOT) && $(BIN)/python -m fixtures.demo

test: $(STAMP) lint types
	@cd $(ROOT) && $(BIN)/python -m pytest -n $(WORKERS)

check: $(STAMP) lint types
	@cd $(ROOT) && $(BIN)/python -m pytest -n $(WORKERS) $(addprefix --ignore=tests/unit/,$(SLOW)) \
		tests/unit tests/contract tests/test_architecture.py tests/test_public_surface.py

lint: $(STAMP)
	@cd $(ROOT) && $(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(STAMP)
	@cd $(ROOT) && $(BIN)/mypy

schemas: $(STAMP)
	@cd $(ROOT) && $(BIN)/python schemas/generate_codes.py && $(BIN)/python schemas/generate.py

messages: $(STAMP)
	@cd $(ROOT) && $(BIN)/python -m schemas.messages

mutate: $(STAMP)
	@cd $(ROOT) && $(BIN)/python -m tests.agreement.mutation --minutes $$(( ($(MINUTES) * 3 + 3) / 4 ))
	$(BIN)/python -m tests.agreement.text_mutation --minutes $$(( ($(MINUTES) + 3) / 4 ))

fuzz: $(STAMP)
	@cd $(ROOT) && $(BIN)/python -m pip install --quiet atheris && $(BIN)/python -m tests.fuzz --minutes $(MINUTES)

soak: $(STAMP)
	@cd $(ROOT) && $(BIN)/python -m tests.soak --files $(FILES)

wheel: $(STAMP)
	@cd $(ROOT) && $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(ROOT)/build $(ROOT)/dist $(VENV)
