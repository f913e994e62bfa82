# SPDX-License-Identifier: GPL-3.0-or-later
# Works as user and as root. What is built lies in .venv and .cache.
.DEFAULT_GOAL := help
.PHONY: help venv demo-venv link vendor test beds check lint sanity cores unit integration molecule demo lock clean
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
BIN := .venv/bin
VENV_NEEDED := Python with venv is missing or older than 3.11; on Debian and Ubuntu: apt-get install python3-venv
# Options for pytest, for instance: make unit PYTEST_ARGS='-k condarc -x'
PYTEST_ARGS ?=
XDIST := -n 2 --dist loadgroup
# With CI=true the slowest tests are named too
DURATIONS := $(if $(filter true,$(CI)),--durations=25)
# pip's cache stays in the checkout too
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: .venv/.dev link ## .venv with everything that the tests need

demo-venv: .venv/.demo link

.venv/bin/python:
	@$(PYTHON) -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "$(VENV_NEEDED)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.dev: requirements/dev.txt .venv/bin/python
	@echo "Installing requirements/dev.txt into .venv (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -r $<
	@touch $@ .venv/.demo

# dev.txt holds the same pins and more
.venv/.demo: requirements/demo.txt .venv/bin/python
	@echo "Installing requirements/demo.txt into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -r $<
	@touch $@

link: ## Make the checkout visible to Ansible as condafleet.proxy
	@mkdir -p .cache/collections/ansible_collections/condafleet
	@ln -sfn ../../../.. .cache/collections/ansible_collections/condafleet/proxy

vendor: venv ## Put the collections that lint and molecule need into .cache/collections
	@tests/tools/vendor

# Lint keeps one core busy, and what the tests need comes out of the network
test: vendor ## Everything; pytest comes last
	@$(MAKE) --no-print-directory -j 2 lint beds
	@$(MAKE) --no-print-directory cores
	@$(BIN)/pytest $(XDIST) $(DURATIONS) $(PYTEST_ARGS)

beds: venv ## Build what the tests need and build once: conda, the hosts' image, other ansible-cores
	@$(BIN)/python -m tests.bed.prepare

check: lint cores unit ## What a pull request needs: lint, sanity and unit tests on three ansible-cores

lint: vendor ## ruff, mypy, yamllint, ansible-lint, changelog, documentation
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy -p ansible_collections.condafleet.proxy.plugins
	$(BIN)/yamllint --strict .
	tests/tools/lint-ansible
	$(BIN)/antsibull-changelog lint

sanity: venv ## ansible-test sanity, without an ignore file
	tests/tools/sanity

cores: venv ## Sanity and unit tests on the oldest, our own and the newest ansible-core
	tests/tools/cores

unit: venv ## Unit tests
	@$(BIN)/pytest tests/unit $(PYTEST_ARGS)

integration: vendor ## Integration tests; the ones with hosts need root, podman, runc and mmdebstrap
	@$(BIN)/pytest tests/integration $(PYTEST_ARGS)

molecule: vendor ## Molecule scenarios; SCENARIO=default runs one
	@tests/tools/molecule $(SCENARIO)

demo: demo-venv ## The main job, end to end, on three homes in this checkout
	@demo/run

lock: ## Renew requirements/*.txt from requirements/*.in
	@tests/tools/lock

clean: ## Remove what was built, also .venv and the hosts' image
	@tests/tools/clean
