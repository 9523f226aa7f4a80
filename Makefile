# Everything is fetched into this checkout: .tools (uv) and .venv (the rest). Needs Python >= 3.11 with venv.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
export UV_COMPILE_BYTECODE := 1
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONDONTWRITEBYTECODE # else each process compiles all of ours once more
RUN := $(UV) run --frozen

.PHONY: demo test test-long check lint types kafka bench benchmark asyncapi clean

demo: $(UV) ## make a CRM database and run a job on it
	$(UV) run --frozen --no-dev bulkdelete demo demo

test: check ## every check and every test, on real servers
	$(RUN) pytest -m "not long" -n 3 --dist loadfile

test-long: $(UV) ## the long, seeded fault runs
	$(RUN) pytest -m long --timeout 3600

check: lint types

lint: $(UV)
	$(RUN) ruff format --check .
	$(RUN) ruff check .

types: $(UV)
	$(RUN) mypy public domain records producers consumers projections service tests benchmarks

kafka: $(UV) ## keep a Kafka running for a developer
	$(RUN) python -m tests.servers kafka

bench: $(UV) ## ratios of what ran side by side, as a table and a plot; BENCH="half --database mariadb" says which
	$(RUN) python -m benchmarks $(BENCH)

benchmark: bench

asyncapi: $(UV) ## write docs/asyncapi.json from the code
	$(RUN) python -m tests.service.asyncapi docs/asyncapi.json

$(UV):
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "bulkdelete needs Python 3.11 or newer"'
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

clean:
	rm -rf .venv .tools build demo *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
