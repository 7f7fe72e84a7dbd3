# Everything a developer does, one word each. `make` alone tells the words.
# Needs Python 3.11 or newer, and nothing else: the first use fetches the rest into .venv, .local and node_modules.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast corpus mutants chaos fuzz check synth bench manual film redrive recount lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## fetch what is missing (every other word does it by itself)
	@$(PYTHON) -m local.setup

run: setup ## the whole service on this machine; Ctrl-C stops it (KEEP=1 keeps the last run's jobs)
	@exec $(BIN)/python -m local.run

# The live tests mostly wait for due times and sweeps, so many run at once; the rest are kept from disturbing them.
test: setup ## every test, those against the local stack too (ARGS="-k name" narrows)
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@$(BIN)/python -m pytest -m "not live"
	@$(BIN)/python -m pytest tests/live -n 6
endif

test-fast: setup ## the tests that need no emulator
	@$(BIN)/python -m pytest -m "not emulator and not live" $(ARGS)

corpus: setup ## hostile addresses and bad requests, one by one (SSRF=file BAD=file for others of that form)
	@$(BIN)/python -m tests.corpus $(if $(SSRF),--ssrf "$(SSRF)") $(if $(BAD),--bad "$(BAD)")

mutants: setup ## take each protection out, in a copy, and see its tests fail (ARGS="F12 T3" for some rows)
	@$(BIN)/python -m tests.mutants $(ARGS)

chaos: setup ## ten minutes of faults on a local stack of its own, and a verdict (SEED=7 MINUTES=2 for others)
	@SEED="$(SEED)" MINUTES="$(MINUTES)" $(BIN)/python -m tests.chaos

fuzz: setup ## a local stack, asked what nobody thought of, for ten minutes (MINUTES=60 SEED=7 for others)
	@$(BIN)/python -m tests.fuzz $(if $(MINUTES),--minutes "$(MINUTES)") $(if $(SEED),--seed "$(SEED)")

check: ## style, types, the template's security rules, known holes in what is depended on
	@$(PYTHON) -m local.setup checks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m local.synth --context stage=prod --out .local/checked
	@$(BIN)/python -m local.checks .local/checked

synth: setup ## the CloudFormation template, into cdk.out (no account, git or Docker needed)
	@$(BIN)/python -m local.synth

bench: setup ## measure; writes the tables and pictures of docs/performance.md (ARGS="--only cpu")
	@$(BIN)/python -m bench $(ARGS)

manual: setup ## renew what docs/cli.md has from the commands themselves
	@$(BIN)/python -m local.manual

film: setup ## record the README's first minute anew, beside a running make run
	@$(BIN)/python -m local.film

redrive: setup ## send failed jobs again; a list until ARGS="--send" (ARGS="--help" tells all)
	@$(BIN)/python -m ops.redrive $(ARGS)

recount: setup ## set the counters of jobs right; what is wrong until ARGS="--write" (ARGS="--help" tells all)
	@$(BIN)/python -m ops.recount $(ARGS)

# The functions' locks are constrained by requirements.txt, so that all agree on versions.
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
FUNCTIONS := authorize api check hand_off sweep fire bury count

lock: setup ## renew the locks after a change in pyproject.toml (UPGRADE=1 takes the newest versions)
	@$(COMPILE) $(FUNCTIONS:%=--group %) --group infra -o requirements.txt
	@$(COMPILE) pyproject.toml --all-extras $(FUNCTIONS:%=--group %) --group infra --group dev \
		--constraint requirements.txt -o requirements-dev.txt
	@for function in $(FUNCTIONS); do \
		$(COMPILE) --group $$function --constraint requirements.txt \
			-o lambdas/requirements/$$function.txt || exit 1; \
	done
	@$(COMPILE) local/requirements.in -o local/requirements.txt
	@$(COMPILE) local/requirements-node.in -o local/requirements-node.txt
	@$(COMPILE) local/requirements-checks.in -o local/requirements-checks.txt
	@echo "Locks renewed. See what changed with git diff, then run make check and make test."

clean: ## remove everything that make generated
	@rm -rf .venv .local node_modules cdk.out .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
