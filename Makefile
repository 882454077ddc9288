# Needs Go and make. Everything else a target needs is fetched or installed by the target, where that is allowed.

SHELL   := /bin/sh
GO      ?= go
BIN     := bin/datasync
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
SERVERS := $(GO) run ./core/plugintest/servers/cmd/servers
LINT    := $(GO) tool -modfile=.ci/go.mod golangci-lint

# Never waits for input, never touches the version control system's state.
export GOFLAGS := $(GOFLAGS) -buildvcs=false

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## build bin/datasync, static
	CGO_ENABLED=0 $(GO) build -tags urfave_cli_no_docs -trimpath -ldflags "-s -w -X main.release=$(VERSION)" -o $(BIN) ./cmd/datasync

.PHONY: demo
demo: build ## move a bundled shop database to JSON lines, kill the second run and resume it
	@CGO_ENABLED=0 $(GO) run -trimpath ./core/plugintest/demo -bin $(BIN) -dir .demo # as build, so that nothing is compiled twice

.PHONY: test
test: ## install and start the real servers, run every test with the race detector, stop them; fuzz job files for 30 s
	$(SERVERS) run -- env DATASYNC_TEST_REQUIRE=1 $(GO) test -race -shuffle=on -timeout 18m ./...
	$(GO) test ./core/job -run '^$$' -fuzz '^FuzzJob$$' -fuzztime 30s -fuzzminimizetime 1s

.PHONY: test-quick
test-quick: ## run what needs no server, without the race detector, and say what was left out
	@log=$$(mktemp); $(GO) test -v ./... >"$$log" 2>&1; status=$$?; \
	  grep -E '^(ok|FAIL|panic:|[[:space:]]*--- FAIL)' "$$log"; \
	  grep -o 'left out: .*' "$$log" | sort | uniq -c; rm -f "$$log"; exit $$status

.PHONY: mysql2kafka
mysql2kafka: build ## start MySQL and Kafka, fill a table, move it into a topic, show both ends
	@$(SERVERS) run -only mysql,kafka -- $(GO) run ./core/plugintest/mysql2kafka -bin $(BIN)

FOR      ?= 10m
SEED     ?= 0
SCENARIO ?= .

.PHONY: torture
torture: build ## follow databases through kills, restarts and cut networks: FOR=10m each, SEED=0 takes another one each time, SCENARIO=MySQL
	$(SERVERS) run -- env DATASYNC_TEST_REQUIRE=1 $(GO) test -count=1 -v -timeout 0 -run '^TestTorture$$/$(SCENARIO)' ./core/plugintest/torture -args -for $(FOR) -seed $(SEED) -binary $(abspath $(BIN))

.PHONY: bench
bench: build ## measure each path beside the native tools; takes a while
	$(GO) run ./core/plugintest/bench

.PHONY: services
services: ## keep MySQL, MariaDB, PostgreSQL and Kafka running and print their addresses, until Ctrl-C
	@$(SERVERS) up

.PHONY: lint
lint: ## run golangci-lint at the version pinned in .ci/go.mod
	$(LINT) run ./...

.PHONY: docs
docs: ## write the generated pages and tables under docs/
	$(GO) test ./cmd/datasync -run '^TestDocs$$' -count=1 -update

.PHONY: types
types: ## write docs/types.md from a run of every type of every source into every target
	$(SERVERS) run -only mysql,mariadb,postgresql,kafka -- env DATASYNC_TEST_REQUIRE=1 $(GO) test ./core/plugintest/matrix -run '^TestTypes$$' -count=1 -update

.PHONY: fuzz-smoke
fuzz-smoke: ## run every fuzz test for ten seconds
	@$(GO) list -f '{{.Dir}}' ./... | while read -r dir; do \
	  for name in $$(grep -hos '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | sed 's/^func //'); do \
	    echo "$$dir $$name"; (cd "$$dir" && $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime 10s .) || exit 1; \
	  done; \
	done

.PHONY: clean
clean: ## remove what the targets above leave
	rm -rf bin dist .demo .bench
