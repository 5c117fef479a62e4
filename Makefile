# What there is to do, for people and for CI. Everything goes into .venv; nothing else on this machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Compiled kernels that check every index: a library of their own, beside that of the package.
CHECKED_LIBRARY := build/kernels/checked-library

.PHONY: demo setup setup-all docs kernels checked-kernels test test-side-by-side test-real-stacks bounds coverage mutation \
	fuzz fuzz-bounds installed lint types format bench kernel-random clean

demo: $(VENV)/ready
	$(BIN)/pcapstate netstat tests/pcaps/example.pcapng

setup: $(VENV)/ready-dev

# In one installation what each of the others would install when it needs it.
setup-all: $(VENV)/ready-all

# After a change to the kernels; what has not changed is not compiled again. The bytecode of all modules, too, where
# Python does not write it itself (PYTHONDONTWRITEBYTECODE): starting takes twice as long without it.
kernels: $(VENV)/ready-dev
	$(BIN)/python -m pcapstate.kernels.building
	$(BIN)/python -m compileall -q pcapstate

checked-kernels: $(VENV)/ready-dev
	$(BIN)/python -m pcapstate.kernels.building --checked $(CHECKED_LIBRARY)

# Side by side, a file at a time, in two processes for each processor, since many tests wait. Those with real stacks
# mostly wait: they run at the same time, with priority, since they have clocks, and print when they have ended.
PYTEST := $(BIN)/python -m pytest
PROCESSES := $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 2)
SIDE_BY_SIDE := --numprocesses $(PROCESSES) --dist loadfile --ignore=tests/real_stacks

test: kernels
	$(MAKE) --jobs=2 test-real-stacks test-side-by-side

test-side-by-side: $(VENV)/ready-dev
	nice $(PYTEST) $(SIDE_BY_SIDE)

test-real-stacks: $(VENV)/ready-dev
	mkdir -p build
	$(PYTEST) tests/real_stacks >build/real-stacks.txt 2>&1; code=$$?; cat build/real-stacks.txt; exit $$code

# The tests that give kernels bytes and rows of all kinds once more, on kernels compiled with checks of every index.
BOUNDED := PCAPSTATE_LIBRARY=$(CURDIR)/$(CHECKED_LIBRARY)
BOUNDED_TESTS := tests/application tests/decode tests/names tests/output/test_text.py tests/processes tests/routing \
	tests/sources/test_reader.py tests/sources/test_pktap.py tests/sources/test_ring_blocks.py tests/tcp \
	tests/test_pcaps.py tests/traffic tests/zeek
bounds: checked-kernels
	$(BOUNDED) $(PYTEST) $(SIDE_BY_SIDE) $(BOUNDED_TESTS) tests/kernels/test_bounds.py

# Branches that no test takes, on plain kernels: compiled ones are not seen. What mostly waits is left out.
coverage: $(VENV)/ready-dev
	PCAPSTATE_KERNELS=plain $(PYTEST) $(SIDE_BY_SIDE) --cov --cov-report=term --ignore=tests/kernels \
		--ignore-glob=tests/sources/test_live*.py --ignore=tests/test_fuzz.py --ignore=tests/test_benchmarks.py \
		--ignore=tests/test_memory.py --ignore=tests/tcp/test_memory.py

# Small changes to the tracker that no test of its rules notices: MUTATIONS of them, chosen by MUTATION_SEED.
MUTATIONS := 20
MUTATION_SEED := 1
mutation: $(VENV)/ready-dev
	$(BIN)/python -m tests.mutation --count $(MUTATIONS) --seed $(MUTATION_SEED)

# Seconds for each target, and where the chance begins (0: elsewhere each time); what is found ends it with exit code 1.
FUZZ_SECONDS := 5
FUZZ_SEED := 0
fuzz: $(VENV)/ready-fuzz
	$(BIN)/python -m fuzz.run --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

# The captures of the tests on the installed wheel, with each Python of this machine.
installed: $(VENV)/ready-dev
	+.ci/installed

# Changed captures on kernels that Numba checks in this process, which takes minutes to compile them.
fuzz-bounds: $(VENV)/ready-dev
	$(BIN)/python -m fuzz.bounds --seconds $(FUZZ_SECONDS)

# Random runs between real kernels, for nights: SEEDS="1 2 3" or SEEDS=1-40, RUNS_AT_ONCE of them side by side. Prints
# tables; captures of what was wrong stay in KERNEL_RANDOM, with the kernels' states beside them. PAGE=docs/inference.md
# writes the figures into the documentation.
SEEDS := 1-3
RUNS_AT_ONCE := 2
KERNEL_RANDOM := kernel-random
kernel-random: $(VENV)/ready-dev
	$(BIN)/python tests/real_stacks/random_runs.py $(KERNEL_RANDOM) $(SEEDS) --jobs $(RUNS_AT_ONCE) $(if $(PAGE),--write $(PAGE))

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready-dev
	$(BIN)/mypy

# The site, in docs/_build; whatever Sphinx warns of is an error.
docs: $(VENV)/ready-docs
	$(BIN)/python -m sphinx --builder html --quiet --fail-on-warning --keep-going --conf-dir docs . docs/_build

format: $(VENV)/ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready-dev
	$(BIN)/python benchmarks/compare.py
	$(BIN)/python benchmarks/wrapped.py
	$(BIN)/python benchmarks/compressed.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Installing compiles the kernels, in an environment of its own.
$(VENV)/ready: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/ready-dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $(VENV)/ready $@

$(VENV)/ready-fuzz: $(VENV)/ready-dev pyproject.toml
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[fuzz]"
	touch $@

$(VENV)/ready-docs: $(VENV)/ready pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

$(VENV)/ready-all: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev,docs,fuzz]"
	cd $(VENV) && touch ready ready-dev ready-docs ready-fuzz ready-all

clean:
	rm -rf $(VENV) docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis build pcapstate/kernels/built
