# Thin verbs: what they do stands in scripts/. `make` alone prints this list.
SHELL := /bin/sh
PYTHON ?= python3
STATE ?= .embedded
DEMO_STATE ?= .embedded-demo
OVERLAY ?= k8s/overlays/embedded
PY := .venv/bin/python

export PYTHONPATH := $(CURDIR)/services:$(CURDIR)/scripts

.DEFAULT_GOAL := help
.PHONY: help demo test bench up down status drill-canary drill-blue-green images setup setup-test lint types requirements clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## blue-green and canary with sound and faulty releases, on an embedded cluster of its own
	@trap 'status=$$?; trap "" INT TERM; trap - EXIT; $(PY) -m embedded reset --state $(DEMO_STATE); exit $$status' EXIT; \
	trap 'exit 130' INT; trap 'exit 143' TERM; \
	$(PY) -m embedded reset --state $(DEMO_STATE) >/dev/null && $(PY) -m embedded up --state $(DEMO_STATE) && \
	export KUBECONFIG=$(DEMO_STATE)/kubeconfig && \
	$(PY) -m cluster stage $(OVERLAY) && \
	$(PY) -m drills all --record reports/demo.svg

test: setup-test lint types ## everything that is checked: lint, types, unit, architecture, manifest, contract and drill tests
	@$(PY) -m pytest $(PYTEST)

bench: setup-test ## ratios and times, printed and in reports/bench.json
	@$(PY) -m bench

up: setup ## start the embedded cluster and put the shop on it; safe to run again at any time
	@$(PY) -m embedded up --state $(STATE)
	@KUBECONFIG=$(STATE)/kubeconfig $(PY) -m cluster stage $(OVERLAY)

down: setup ## stop the embedded cluster; its state stays
	@$(PY) -m embedded down --state $(STATE)

status: setup ## what runs, and where it answers
	@$(PY) -m embedded status --state $(STATE)

drill-canary: setup ## one canary drill against the cluster of `make up`; TWIN=sound|errors|slow|crash
	@KUBECONFIG=$(STATE)/kubeconfig $(PY) -m drills run canary --twin $(or $(TWIN),sound)

drill-blue-green: setup ## one blue-green drill against the cluster of `make up`; TWIN=sound|errors|slow|crash
	@KUBECONFIG=$(STATE)/kubeconfig $(PY) -m drills run blue-green --twin $(or $(TWIN),sound)

images: setup ## build every image with Docker; ONLY=order, BASE_IMAGE, IMAGE_REGISTRY, PLATFORM, DOCKER_BUILD_ARGS
	@$(PY) -m images build $(if $(ONLY),--only $(ONLY))

lint: setup-test ## style of the code, and that it is formatted
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types: setup-test ## types, strictly
	@.venv/bin/mypy scripts services

requirements: setup-test ## compile */requirements.in into */requirements.txt, with hashes and without addresses
	@for part in services scripts tests; do (cd $$part && ../.venv/bin/uv pip compile --quiet --universal --upgrade \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make requirements" requirements.in --output-file requirements.txt) || exit 1; done

clean: down ## stop the cluster and remove what was installed and measured
	rm -rf .venv .tools .embedded .embedded-demo reports

setup:
	@PYTHONPATH=scripts $(PYTHON) -m toolchain demo

setup-test:
	@PYTHONPATH=scripts $(PYTHON) -m toolchain test
