# Builds, shows and checks Proctor; `make help` lists how.
#
# Everything is built in one profile and with the features of the whole workspace, so that `make demo` followed
# by `make test` compiles nothing twice. CARGO_TARGET_DIR says where to; it is target/ unless set.

CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR

BINARIES := $(CARGO_TARGET_DIR)/release
IN_WORKSPACE := --release --workspace --locked

.DEFAULT_GOAL := build
.NOTPARALLEL:
.PHONY: build demo up down docs-features sqlx-metadata test test-all test-kubernetes chaos soak ledger bench check check-format check-clippy check-docs check-rules clean help \
    tools servers

build: tools ## Build proctord, proctor, proctor-shim and the plugins into target/release
	cargo build $(IN_WORKSPACE) --bins --lib

demo: build ## Publish, execute, follow and stop procs on a service of its own, then clean up
	scripts/demo.sh "$(BINARIES)"

up: build servers ## Start Postgres, Redis and a double of a cluster to try production mode with, and tell how
	scripts/up.sh "$(BINARIES)"

down: ## Stop what `make up` has started, and remove what it holds
	scripts/down.sh

docs-features: build ## Write docs/features.md anew, from what the commands really print
	scripts/docs-features.sh "$(BINARIES)" > "$(BINARIES)/features.md"
	mv "$(BINARIES)/features.md" docs/features.md

sqlx-metadata: tools servers ## Write anew what the queries to Postgres are checked against when they are compiled
	scripts/sqlx-metadata.sh

test: build servers ## Run every test; Postgres and Redis are started for it, and go with it
	cargo test $(IN_WORKSPACE) --no-fail-fast

test-all: test ## Run every test and those that need kubectl
	cargo test $(IN_WORKSPACE) --test kubectl

test-kubernetes: build ## Run the conformance suite on the cluster of $KUBECONFIG; PROCTOR_TEST_NAMESPACE and PROCTOR_TEST_IMAGE say where and with what
	cargo test $(IN_WORKSPACE) --test cluster

SEEDS ?= 1 2 3
EXECUTIONS ?= 1000
SOAK_SECONDS ?= 3600

chaos: build servers ## Run $EXECUTIONS executions with each of $SEEDS while everything goes wrong; see docs/RELIABILITY.md
	cargo test $(IN_WORKSPACE) --test chaos-long -- --seeds "$(SEEDS)" --executions $(EXECUTIONS)

soak: build servers ## The same with the first of $SEEDS for $SOAK_SECONDS
	cargo test $(IN_WORKSPACE) --test chaos-long -- --seeds "$(firstword $(SEEDS))" --seconds $(SOAK_SECONDS)

SCHEDULES ?= 10000

ledger: build servers ## Fire $SCHEDULES schedules over a simulated week with each of $SEEDS while everything goes wrong
	cargo test $(IN_WORKSPACE) --test ledger-long -- --seeds "$(SEEDS)" --schedules $(SCHEDULES)

bench: build servers ## Measure against yardsticks of the same run, on servers of its own
	cargo bench --workspace --locked --bench '*'

check: check-format check-clippy check-docs check-rules ## Check format, lints, docs and dependency rules

check-format: tools ## Check that the code is formatted
	cargo fmt --all --check

check-clippy: tools ## Check the lints, warnings denied
	cargo clippy $(IN_WORKSPACE) --all-targets -- -D warnings

check-docs: tools ## Check that the documentation builds without a warning
	RUSTDOCFLAGS='-D warnings' cargo doc $(IN_WORKSPACE) --no-deps

check-rules: tools ## Check who depends on whom, banned crates, licences and house rules
	cargo test $(IN_WORKSPACE) --test dependency_rules

clean: ## Delete everything that was built
	cargo clean

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

tools:
	@command -v cargo >/dev/null || { \
	    echo 'cargo is missing: install Rust with rustup, see https://rustup.rs' >&2; exit 1; }
	@command -v cc >/dev/null || { \
	    echo 'cc is missing: install a C compiler, on Debian with: apt-get install gcc libc6-dev' >&2; exit 1; }

servers:
	@scripts/install-servers.sh
