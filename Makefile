# `make help` lists the commands. What is more than a line is in tools/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
ARGS ?=

.PHONY: help
help: ## This list
	@sed -nE 's/^([a-z][a-z -]*):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  %-42s %s\n", $$1, $$2 }'

.PHONY: setup
setup: ## The Python environment .venv from its lock, with the checkout linked in as oncall.remedy
	@tools/venv >/dev/null

.PHONY: demo
demo: setup ## The main job in the lab: break Traefik, let TraefikDown fire, remediate, show the case
	@tools/demo $(FAULT)

.PHONY: test
test: unit unit-other check sanity-other scenarios-ci rules ## Everything that CI asks for

.PHONY: unit
unit: setup ## The fast tests: no lab, no root (ARGS="-k gate -x" goes to pytest)
	$(VENV)/bin/pytest --numprocesses auto --dist worksteal $(ARGS)

# What takes minutes and does not hang on the pair: the faults of the engine, the ledger under fire, the lab's own tests,
# every lie of every witness.
ON_ONE_PAIR := tests/faults tests/lab tests/unit/ledger/test_killed.py tests/unit/ledger/test_model.py \
	tests/runbooks/test_witnesses.py

.PHONY: unit-oldest unit-newest unit-other
unit-oldest unit-newest unit-other: unit-%: ## The same on the oldest pair, the newest, the one that .venv is not
	@if venv=$$(tools/venv $*); then $$venv/bin/pytest --numprocesses auto --dist worksteal $(ON_ONE_PAIR:%=--ignore=%) $(ARGS); \
	elif [ $$? -eq 3 ]; then echo "$@: NOT RUN, this machine has no such Python"; else exit 1; fi

.PHONY: check
check: setup ## Style, types, documentation, package, sanity (one of them: tools/check types)
	@tools/check

.PHONY: sanity-other
sanity-other: ## ansible-test's sanity of the ansible-core that .venv does not have
	@if tools/venv other >/dev/null; then PAIR=other tools/check sanity; \
	elif [ $$? -eq 3 ]; then echo "$@: NOT RUN, this machine has no such Python"; else exit 1; fi

# One for TraefikDown, one for each kind of target, one for each symptom of the edge.
CI_SCENARIOS := traefik-hung \
	target-proxmox-password target-kube-scheduler target-app-monitor-missing target-argocd-policy-missing \
	target-node-exporter-stuck target-agent-firewalled \
	ingress-host-missing ingress-backend-refuses ingress-backend-unready ingress-backend-slow ingress-edge-hung \
	ingress-trusted-ips-incomplete

.PHONY: scenarios-ci scenarios
scenarios-ci: setup ## Scenarios on the lab: one for each kind of target and each symptom
	@tools/scenarios $(CI_SCENARIOS)

scenarios: setup ## Every scenario on the lab (one of them: tools/scenarios edge-tainted)
	@tools/scenarios

.PHONY: rules
rules: setup ## The alert rules under promtool, which the lab builds beside Prometheus
	@REMEDY_NEEDS_PROMTOOL=1 $(VENV)/bin/pytest tests/unit/watched/test_monitoring.py -k promtool

.PHONY: faults
faults: setup ## The engine killed 200 times, 16 sweeps at once, and the rest of its own faults (tools/faults kill --seed 7)
	@tools/faults all $(ARGS)

.PHONY: format
format: setup ## Python files as ruff wants them
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format --quiet .

.PHONY: lab-up lab-down lab-status lab-logs
lab-up lab-down lab-status lab-logs: lab-%: ## The lab: start it, remove it, look at it (more: lab/lab --help)
	@lab/lab $* $(ARGS)

.PHONY: bench
bench: ## The sweep against an ordinary playbook and bare Python, as ratios
	@python=$$(tools/venv bench)/bin/python && $$python tests/bench/run.py $(ARGS)

.PHONY: docs
docs: setup ## The documentation as pages: build/docs/index.html
	@tools/check docs

.PHONY: lock
lock: setup ## Raise requirements/*.txt to the newest releases
	@tools/lock

.PHONY: clean
clean: ## Everything that is built here, environments included
	rm -rf .venv .venv-oldest .venv-newest .cache build docs/reference
