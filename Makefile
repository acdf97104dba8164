# Steward's commands. Everything they install stays inside this folder.

.DEFAULT_GOAL := help
.PHONY: help run test lint bench faults demo

UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
export PORT
unexport PYTHONDONTWRITEBYTECODE  # else every process compiles all of Steward for itself

help:  ## List these commands
	@grep -E '^[a-z.]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

run: .venv  ## Run Steward at http://127.0.0.1:8000 (PORT=9000: another port); Ctrl-C stops it
	@.venv/bin/python -m config.run

test: .venv  ## Run the whole suite (ARGS="-k word": a part of it)
	@.venv/bin/pytest -n auto --dist loadgroup $(ARGS)

lint: .venv  ## Check style, templates, types and migrations
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	find templates -name '*.html' -exec .venv/bin/djade --check {} +
	.venv/bin/mypy
	.venv/bin/python manage.py makemigrations --check --dry-run

bench: .venv  ## Measure, and fail where a figure falls short of its limit
	@.venv/bin/pytest -m bench -p no:randomly --capture=no tests/bench

faults: .venv  ## Kill processes and take brokers and mail servers away; fail where a limit is not kept
	@.venv/bin/pytest -m faults -p no:randomly --capture=no tests/faults

demo: .venv  ## Fill an empty database with a made-up company
	@.venv/bin/python manage.py migrate --no-input --verbosity=0
	@.venv/bin/python manage.py demo

.venv: uv.lock pyproject.toml .python-version | $(UV)  ## Make the Python environment
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --quiet --compile-bytecode || { \
	  echo "The environment could not be made, see above. Steward needs Python 3.12 or newer:" \
	    "install one (on Debian 13: apt-get install python3 python3-venv; elsewhere from" \
	    "python.org), or let uv download one where there is a network." >&2; exit 1; }
	@touch .venv

.tools/bin/uv:
	@command -v python3 >/dev/null || { echo "Install Python 3.12 or newer first: python3 is" \
	  "not to be found (on Debian: apt-get install python3 python3-venv)." >&2; exit 1; }
	@python3 -m venv .tools || { echo "Python cannot make environments here (on Debian:" \
	  "apt-get install python3-venv)." >&2; exit 1; }
	@.tools/bin/pip install --quiet uv
