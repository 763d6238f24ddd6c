# Every target makes the environment that it needs; no step comes before it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := test,dev,fast,plot,cluster,safetensors
JOBS ?= $(shell nproc 2>/dev/null || echo 1)

.PHONY: verify test test-slow lint types bench documents certificates recheck figures libraries backends atlas clean

verify: $(VENV)/core
	$(BIN)/symcheck verify --jobs $(JOBS)

test: $(VENV)/all
	$(BIN)/python -m pytest -q -n $(JOBS) -m "not slow"

test-slow: $(VENV)/all
	$(BIN)/python -m pytest -q -n $(JOBS) -m slow

lint: $(VENV)/all
	$(BIN)/ruff check .

types: $(VENV)/all
	$(BIN)/mypy

bench: $(VENV)/all
	$(BIN)/python -m benchmarks

documents: $(VENV)/core
	$(BIN)/symcheck prove --format tex,pdf -o out/proofs

certificates: $(VENV)/core
	$(BIN)/symcheck export -o out/certificates

recheck: certificates
	$(BIN)/symcheck recheck out/certificates

# The figures of the documentation.
figures: $(VENV)/all
	$(BIN)/python -m symcheck.oracle.plots docs/figures

# Real implementations, in an environment of their own (PyTorch's CPU build first: others would draw in CUDA).
libraries:
	$(PYTHON) -m venv .venv-libraries
	.venv-libraries/bin/pip install -q -c examples/libraries/constraints.txt torch numpy
	.venv-libraries/bin/pip install -q -c examples/libraries/constraints.txt -r examples/libraries/requirements.txt
	.venv-libraries/bin/pip install -q -c examples/libraries/constraints.txt --no-deps \
		-r examples/libraries/requirements-no-deps.txt
	.venv-libraries/bin/pip install -q -e ".[test]"
	.venv-libraries/bin/symcheck conform --all-installed --quick || test $$? -eq 1  # 1: some deviate, which is a result

# The table of all results, for docs/atlas.md.
atlas:
	.venv-libraries/bin/python -m symcheck.conformance.atlas docs/atlas.json docs/atlas.md

# The kernels' other backends, in an environment of their own.
backends:
	$(PYTHON) -m venv .venv-backends
	.venv-backends/bin/pip install -q torch==2.13.0 jax
	.venv-backends/bin/pip install -q -e ".[test]" array-api-strict
	.venv-backends/bin/python -m pytest -q tests/kernels

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "symcheck needs Python 3.11 or newer; $(PYTHON) is older. Run: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/core: pyproject.toml | $(VENV)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/all: pyproject.toml | $(VENV)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[$(EXTRAS)]"
	@touch $@ $(VENV)/core

clean:
	rm -rf $(VENV) .venv-libraries .venv-backends out build *.egg-info
