# What there is to do, for people and for CI. Everything goes into .venv; nothing else on this machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo setup test lint types format bench clean

demo: $(VENV)/ready
	$(BIN)/pcapstate netstat tests/pcaps/example.pcapng

setup: $(VENV)/ready-dev

test: $(VENV)/ready-dev
	$(BIN)/python -m pytest

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready-dev
	$(BIN)/mypy

format: $(VENV)/ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready-dev
	$(BIN)/python benchmarks/compare.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/ready-dev: $(VENV)/ready pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
