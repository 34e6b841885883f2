.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint server stop build docs worksheets notebook
.PHONY: superset superset-stop clean
SHELL := /bin/sh

BIN := .venv/bin
export DBT_PROFILES_DIR := profiles
# Every command and every Python worker of Spark starts anew: they read modules that are compiled,
# also where images of containers say that Python keeps none.
unexport PYTHONDONTWRITEBYTECODE
# The study of the synthetic country; your own data has its own. Four weeks before its lockdown are
# what is usual.
DEMO_LOCKDOWN := 2020-03-02
DEMO_VARS := {study_start: "2020-02-03", study_end: "2020-03-15", home_start: "2020-02-03", home_end: "2020-03-01", \
  study_events: [{name: lockdown, from: "$(DEMO_LOCKDOWN)", to: "2020-03-15"}]}

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(BIN)/.ready  ## virtual environment with pinned packages, a Java runtime among them

# Install the project with these extras: by uv if present, by pip otherwise; both hold to the versions
# in requirements.txt.
install = if command -v uv >/dev/null; then \
	  uv pip install --quiet --python $(BIN)/python -c requirements.txt -e '.[$(1)]'; \
	else $(BIN)/python -m pip install --quiet --no-compile -c requirements.txt -e '.[$(1)]'; fi

$(BIN)/.ready: pyproject.toml requirements.txt
	@echo "Setting up .venv ..."
	@if command -v uv >/dev/null; then \
	  test -x $(BIN)/python || uv venv --quiet --python '>=3.11,<3.14' .venv; \
	else \
	  for python in python3 python3.13 python3.12 python3.11; do \
	    $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	      && break || python=; \
	  done; \
	  test -n "$$python" || { echo "Python 3.11, 3.12 or 3.13 is needed; python3 is $$(python3 -V 2>&1)."; exit 1; }; \
	  test -x $(BIN)/python || $$python -m venv .venv; \
	fi
	@$(call install,dev)
	@$(BIN)/python -m throng.server.java
	@test -x /usr/bin/chromium || echo "No /usr/bin/chromium: make test does not look at the report." \
	  "Debian and Ubuntu: apt-get install chromium"
	@touch $@

demo: setup  ## a synthetic country from raw files to published marts, and what came out
	@$(BIN)/throng server start & server=$$!; \
	$(BIN)/throng synth --lockdown $(DEMO_LOCKDOWN) --landing data/landing --truth data/truth && wait $$server
	@THRONG_LANDING=data/landing $(BIN)/throng release build --vars '$(DEMO_VARS)'
	@echo
	@THRONG_LANDING=data/landing $(BIN)/throng release audit --strict --vars '$(DEMO_VARS)'
	@$(BIN)/throng release publish
	@echo
	@$(BIN)/throng summary
	@echo
	@$(BIN)/throng report --event "$(DEMO_LOCKDOWN) lockdown"
	@echo "make stop ends the server."

test: setup lint  ## lint, and every promise once: policy, unit, builds on servers of their own
	@$(BIN)/python -m pytest --numprocesses 2 -m "not long"

test-all: setup $(BIN)/.notebooks lint  ## make test and the long tests: other options, mutations, attacks, costs
	@$(BIN)/python -m pytest --numprocesses 2

lint: setup  ## ruff and sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint --processes 2 models macros tests analyses

server: setup  ## start the local Spark SQL server, or say that it runs
	@$(BIN)/throng server start

stop: setup  ## stop the server
	@$(BIN)/throng server stop

build: server  ## models and their tests over THRONG_LANDING or data/landing (VARS='{...}' for your vars)
	@test -n "$$THRONG_LANDING" || test -e data/landing \
	  || $(BIN)/throng synth --lockdown $(DEMO_LOCKDOWN) --landing data/landing --truth data/truth
	@connection=$$($(BIN)/throng server env) && eval "$$connection" && $(BIN)/dbt build --vars '$(or $(VARS),{})'

docs: server  ## the documentation of every model as one page, target/static_index.html
	@connection=$$($(BIN)/throng server env) && eval "$$connection" && $(BIN)/dbt docs generate --static
	@echo "Open target/static_index.html"

worksheets: setup  ## questions as SQL to paste into any shell, in target/compiled
	@$(BIN)/dbt --quiet compile --no-introspect --no-populate-cache \
	  --select path:analyses/worksheets
	@echo "target/compiled/throng/analyses/worksheets:"
	@ls target/compiled/throng/analyses/worksheets

# JupyterLab is not part of setup: four dozen packages that nothing else needs.
notebook: server $(BIN)/.notebooks  ## open the notebooks in JupyterLab, for this machine only
	@$(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir=notebooks

$(BIN)/.notebooks: $(BIN)/.ready
	@echo "Setting up JupyterLab ..."
	@$(call install,notebooks)
	@touch $@

superset: setup  ## dashboards in Apache Superset on 127.0.0.1:8088 (installs 800 MB into .superset)
	@$(BIN)/throng superset start

superset-stop: setup  ## stop Superset; its users and charts stay in .superset
	@$(BIN)/throng superset stop

clean:  ## stop what runs; remove .venv, build results and warehouse, never landing files
	@if [ -x $(BIN)/throng ]; then $(BIN)/throng superset stop; $(BIN)/throng server stop; fi
	rm -rf .venv target logs data/warehouse throng.egg-info
