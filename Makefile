# Thin verbs: what they do stands in scripts/. `make` alone prints this list.
SHELL := /bin/sh
PYTHON ?= python3
STATE ?= .embedded
DEMO_STATE ?= .embedded-demo
PY := .venv/bin/python

# Which cluster: embedded (processes on this machine), kind (Docker on this machine), or context (the one that
# KUBECONTEXT names). What the scripts are told of it, and which overlay is put on it:
CLUSTER ?= $(if $(KUBECONTEXT),context,embedded)
tell-embedded = KUBECONFIG=$(STATE)/kubeconfig KUBECONTEXT= IMAGE_REGISTRY=
tell-kind = KUBECONFIG=.kind/kubeconfig KUBECONTEXT=kind-proving-ground
tell-context = KUBECONTEXT=$(KUBECONTEXT)
TELL = $(tell-$(CLUSTER))
$(if $(TELL),,$(error CLUSTER=$(CLUSTER) is none: embedded, kind, or context with KUBECONTEXT))
OVERLAY ?= $(if $(filter embedded,$(CLUSTER)),embedded,kind)
DRILL = $(TELL) $(PY) -m drills run $(@:drill-%=%) --overlay $(OVERLAY) --twin $(or $(TWIN),sound)$(if $(SERVICE), --service $(SERVICE))

# What make was told on its command line, untouched by a shell; what the environment calls NAME is something else.
told = "$(if $(filter command,$(origin $(1))),$$$(1))"

export PYTHONPATH := $(CURDIR)/services:$(CURDIR)/scripts

.DEFAULT_GOAL := help
.PHONY: help demo demo-embedded demo-kind demo-context dev dev-embedded dev-kind dev-context test test-long bench up \
	up-embedded up-kind up-context down down-embedded down-kind down-context status drill-canary drill-blue-green \
	drill-blue-green-route chaos images setup setup-test setup-bench lint types requirements clean drills ci \
	workflows pinned policies secrets audit sbom release-images scan login publish sign verify changed release abort \
	pin push-pin summary new-service remove-service rename

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-23s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  with CLUSTER=kind on a Kubernetes of this machine, with KUBECONTEXT=... on any other: docs/kubernetes.md"

demo: demo-$(CLUSTER) ## blue-green and canary with sound and faulty releases, on an embedded cluster of its own

demo-embedded: setup
	@trap 'status=$$?; trap "" INT TERM; trap - EXIT; $(PY) -m embedded reset --state $(DEMO_STATE) >/dev/null; exit $$status' EXIT; \
	trap 'exit 130' INT; trap 'exit 143' TERM; \
	$(PY) -m embedded reset --state $(DEMO_STATE) >/dev/null && $(PY) -m embedded up --state $(DEMO_STATE) && \
	export KUBECONFIG=$(DEMO_STATE)/kubeconfig KUBECONTEXT= IMAGE_REGISTRY= && \
	$(PY) -m cluster stage $(OVERLAY) && \
	$(PY) -m drills all --only blue-green --only canary --overlay $(OVERLAY) --record reports/demo.svg

demo-kind demo-context: demo-%: up-%
	@$(TELL) $(PY) -m drills all --only blue-green --only canary --overlay $(OVERLAY) --record reports/demo.svg

# What only works runs three side by side. What has a cluster of its own waits more than it works: drills, with users to
# count, beside all others, whose output comes when the drills are through.
CLUSTERED = tests/dev tests/signals tests/browser tests/contract
# What takes a quarter of an hour by itself: the labs as they stand, and releases in a world that breaks.
LONG = tests/labs tests/chaos
# Where the reviewer's summary looks for what came of it.
junit = --junitxml reports/tests/$(1).xml
BESIDE = $(filter-out $(CLUSTERED) $(LONG) tests/drills tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))

test: setup-test lint types ## everything that is checked: lint, types, unit, architecture, manifest, contract and drill tests
ifdef PYTEST
	@$(PY) -m pytest $(PYTEST)
else
	@$(PY) -m pytest --numprocesses 3 --dist loadfile $(call junit,beside) $(BESIDE); beside=$$?; mkdir -p reports; \
	$(PY) -m pytest $(call junit,clustered) $(CLUSTERED) >reports/clustered.log 2>&1 & clustered=$$!; \
	$(PY) -m pytest $(call junit,drills) tests/drills; drills=$$?; \
	wait $$clustered; clustered=$$?; cat reports/clustered.log; exit $$((beside || drills || clustered))
endif

test-long: setup-test ## the labs as they stand, and what `make chaos` is made of, each with what breaks it
	@$(PY) -m pytest $(call junit,long) $(LONG)

bench: setup-bench ## ratios and times, printed and in reports/bench/; ONLY="service cluster"
	@$(PY) -m bench $(ONLY)

up: up-$(CLUSTER) ## start a cluster and put the shop on it; safe to run again at any time

up-embedded: setup
	@$(PY) -m embedded up --state $(STATE)
	@$(TELL) $(PY) -m cluster stage $(OVERLAY)

up-kind: setup
	@$(PY) -m provision up --kind --overlay $(OVERLAY)

up-context: setup
	@$(TELL) $(PY) -m provision up --overlay $(OVERLAY)

down: down-$(CLUSTER) ## stop the embedded cluster, whose state stays; delete kind's

down-embedded: setup
	@$(PY) -m embedded down --state $(STATE)

down-kind: setup
	@$(PY) -m provision down --kind

down-context: setup
	@$(PY) -m provision down

dev: dev-$(CLUSTER) ## save a file of services/, and new pods answer with it, on the embedded cluster

# exec: a signal to make reaches the loop itself, which then stops what it has started.
dev-embedded: setup
	@$(TELL) exec $(PY) -m dev --state $(STATE) --overlay $(OVERLAY)

dev-kind dev-context:
	@echo "make dev is for the embedded cluster; for pods in containers: tilt up, see docs/development.md" >&2; exit 2

status: setup ## what runs, and where it answers
	@$(if $(filter embedded,$(CLUSTER)),$(PY) -m embedded status --state $(STATE),$(TELL) $(PY) -m provision status)

drill-canary: setup ## one canary drill against the cluster of `make up`; TWIN=sound|errors|slow|crash
	@$(DRILL)

drill-blue-green: setup ## one blue-green drill, by the Service's selector
	@$(DRILL)

drill-blue-green-route: setup ## one blue-green drill, by the VirtualService
	@$(DRILL)

drills: up ## all plain drills with every release, on the cluster of `make up`
	@$(TELL) $(PY) -m drills all --overlay $(OVERLAY)

chaos: setup ## drills in which the world around a release breaks, or its own process; ONLY=pods-killed
	@$(TELL) $(PY) -m drills chaos --overlay $(OVERLAY) $(if $(ONLY),--only $(ONLY))

new-service: setup-test ## another service of the shape of user, with all that belongs to one; NAME=payment
	@$(PY) -m scaffold new -- $(call told,NAME)

remove-service: setup-test ## take such a service away again; NAME=payment
	@$(PY) -m scaffold remove $(if $(FORCE),--force) -- $(call told,NAME)

rename: setup-test ## the platform under the team's own name; NAME=acme, NAMESPACE=..., IMAGE_REGISTRY=...
	@$(PY) -m scaffold rename $(if $(FORCE),--force) --namespace $(call told,NAMESPACE) \
	--registry $(call told,IMAGE_REGISTRY) -- $(call told,NAME)

images: setup ## build every image with Docker; ONLY=order, BASE_IMAGE, IMAGE_REGISTRY, PLATFORM, DOCKER_BUILD_ARGS
	@$(PY) -m images build $(if $(ONLY),--only $(ONLY))

lint: setup-test ## style of the code, and that it is formatted
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types: setup-test ## types, strictly
	@.venv/bin/mypy scripts services

requirements: setup-test ## compile */requirements.in into */requirements.txt, with hashes and without addresses
	@for part in services scripts scripts/delivery scripts/bench/usual tests; do \
	(cd $$part && $(CURDIR)/.venv/bin/uv pip compile --quiet --universal --upgrade \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make requirements" requirements.in --output-file requirements.txt) || exit 1; done
	@$(PY) -m tests.docs.versions

# The steps of the pipeline, each as .github/workflows calls it: docs/pipeline.md. What they are told, they are told by
# variables of the environment: IMAGE_REGISTRY, SERVICE, IMAGE (by digest), ENVIRONMENT (an overlay), STRATEGY.
ci: setup-test ## the steps of a pull request, one after the other; says what it leaves out and why; ONLY="lint types"
	@$(PY) -m pipeline ci

workflows secrets audit sbom pinned scan login sign verify changed release abort pin push-pin summary: setup-test
	@$(PY) -m pipeline $@

policies: setup-test ## what manifests must keep to
	@$(PY) -m pytest --quiet $(wildcard tests/manifests/test_*polic*.py) tests/manifests/test_manifest_schemas.py \
	tests/manifests/test_overlays.py

release-images: setup ## what is released, for amd64 and arm64, as files in reports/images
	@$(PY) -m images release

publish: setup ## build what is released and push it to IMAGE_REGISTRY by digest, with SBOM and provenance
	@$(PY) -m images publish

clean: down ## stop the cluster and remove what was installed and measured
	rm -rf .venv .tools .embedded .embedded-demo reports

setup:
	@PYTHONPATH=scripts $(PYTHON) -m toolchain demo

setup-test:
	@PYTHONPATH=scripts $(PYTHON) -m toolchain test

setup-bench:
	@PYTHONPATH=scripts $(PYTHON) -m toolchain bench
