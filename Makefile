# Front Door: one door for every chore. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast lint format bench lock screenshots audit licences sbom
PY := .venv/bin/python

help: ## list the chores
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

setup: ## install everything (run and test call it by themselves)
	@bin/setup

run: ## set up, then serve the portal with demo data on http://127.0.0.1:8000 (PORT changes it); Ctrl-C stops it
	@bin/setup && exec $(PY) bin/run

test: ## set up, then run the whole suite, browser journeys included
	@bin/setup --with-browser && exec bin/test

lint: ## style, types, the direction of imports, templates, migrations
	@bin/setup && bin/lint

format: ## put the code in our format
	@.venv/bin/ruff check --fix -q . && .venv/bin/ruff format -q .

bench: ## measure speed and print it
	@bin/setup && bin/bench

screenshots: ## look at every page as each role finds it: pictures in var/shots, what is wrong, what nobody reaches
	@bin/setup && $(PY) bin/screenshots

audit: ## known holes in what we stand on, where the list of them can be had
	@bin/setup && bin/audit

licences: ## the licences of what we stand on
	@bin/setup && .venv/bin/pip-licenses --format=markdown --order=license --ignore-packages front-door

sbom: ## write var/sbom.json, the bill of materials (CycloneDX)
	@bin/setup && .venv/bin/cyclonedx-py environment .venv/bin/python --output-reproducible -o var/sbom.json && echo "sbom: var/sbom.json"

lock: ## write requirements.lock anew from pyproject.toml
	@.venv/bin/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --strip-extras --allow-unsafe --extra dev -o requirements.lock pyproject.toml
