# make run | test | check | bench | docs | interop | cluster | dashboard | screenshots | soak: all share one .venv, built when requirements.lock changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/stamp-$(shell sha256sum requirements.lock setup.py pyproject.toml | sha256sum | cut -c1-16)
HTTP ?= tcp:8080:interface=127.0.0.1
SMTP ?= tcp:8025:interface=127.0.0.1
LMTP ?= tcp:8024:interface=127.0.0.1
SUBMISSION ?= tcp:8587:interface=127.0.0.1
CLUSTER ?= var/cluster

.PHONY: help compiled run test check bench docs interop cluster dashboard screenshots soak format lock clean

help:
	@echo "make run      start a server with demo data on http://127.0.0.1:8080"
	@echo "make test     run the test suite"
	@echo "make check    lint, types and house rules"
	@echo "make bench    measure speed against peers"
	@echo "make docs     write the generated documentation"
	@echo "make interop  only the tests against real servers (root, Debian packages: docs/interop.md)"
	@echo "make cluster  two daemons, PostgreSQL with a standby, a bucket and HAProxy, until Ctrl-C (docs/operations.md)"
	@echo "make dashboard draw etc/grafana over a demo (Debian packages prometheus, chromium)"
	@echo "make screenshots draw every page of the web interface into var/screenshots (Debian package chromium)"
	@echo "make soak     the whole suite one test after the other: thousands of runs, crashes and examples, hours long"

$(STAMP): requirements.lock setup.py pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/twistd --help > $(VENV)/plugins.txt
	@rm -f $(VENV)/stamp-* && touch $@

# What pip does for a package that it installs: without it each start compiles a thousand modules, a second of CPU.
compiled: $(STAMP)
	@$(BIN)/python -m compileall -q stalwart twisted/plugins

run: compiled
	@mkdir -p -m 700 var
	@exec $(BIN)/twistd -n --pidfile= stalwart --data var --demo --http $(HTTP) --smtp $(SMTP) --lmtp $(LMTP) \
		--submission $(SUBMISSION)

test: compiled
	@$(BIN)/python -W error::SyntaxWarning -m tests.run

interop: compiled
	@tests/interop/clients/prepare
	@$(BIN)/python -m tests.run tests.interop

cluster: compiled
	@tests/interop/clients/prepare cluster
	@tests/interop/clients/unpack cluster
	@$(BIN)/python -m tests.cluster.up $(CLUSTER)

dashboard: $(STAMP)
	@$(BIN)/python -m tests.interop.dashboard_picture docs/images/dashboard.png 330

screenshots: compiled
	@$(BIN)/python -m tests.interop.webui_pictures var/screenshots

soak: compiled
	@SOAK=1 $(BIN)/python -m tests.run tests

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.run tests.test_house

bench: compiled
	$(BIN)/python bench/run.py

docs: $(STAMP)
	$(BIN)/python -m stalwart.app.documentation .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	$(PYTHON) -m venv .lock-venv
	.lock-venv/bin/python -m pip install --quiet pip-tools
	.lock-venv/bin/pip-compile --quiet --upgrade --generate-hashes --no-header --allow-unsafe --strip-extras --extra dev \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml
	rm -rf .lock-venv

clean:
	rm -rf $(VENV) build dist *.egg-info _trial_temp*
