# `make help` lists the targets. Go and make are all they need; `make oracle` also wants Node, `make integration` Java.

GO      ?= go
BIN     := bin

# Build, vet and lint share one set of compiler settings, and so the compiled dependencies, which take minutes.
# grpcnotrace leaves out golang.org/x/net/trace, which keeps the linker from dropping unused code.
STATIC := CGO_ENABLED=0 GOFLAGS="$(shell $(GO) env GOFLAGS) -trimpath -tags=grpcnotrace"

COMMANDS := $(notdir $(wildcard cmd/*))

VERSION   := $(shell sed -n 's/^const Number = "\(.*\)"/\1/p' internal/version/version.go)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64

# The race detector needs a C compiler; without one the tests still run.
RACE := $(if $(shell command -v $(firstword $(shell $(GO) env CC)) 2>/dev/null),-race)

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

ORACLE := internal/emulator/kql/oracle
KAFKA  := $(abspath $(BIN))/kafka

.DEFAULT_GOAL := help
.PHONY: help build test integration browser lint vulncheck fmt bench generate generated oracle run site dist publish clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build every command into bin/
	@mkdir -p $(BIN)
	$(STATIC) $(GO) build -ldflags "-s -w" -o $(BIN)/ $(addprefix ./cmd/,$(COMMANDS))

test: ## run all tests, with the race detector where there is a C compiler
	@$(if $(RACE),,echo "no C compiler: the tests run without the race detector")
	$(GO) test $(RACE) -timeout 20m $(filter-out %/internal/e2e,$(shell $(GO) list ./...))
	@echo "without the race detector: tests of the finished program, which has none in it, and what takes minutes under it:"
	$(STATIC) $(GO) test -timeout 20m -skip '^TestTwoReceivers' ./internal/e2e
	$(STATIC) $(GO) test -timeout 20m -run '^TestTwoReceivers' ./internal/e2e
	$(STATIC) $(GO) test -timeout 20m -run '^Test(TenDays|Weeks|Burst|Costs|Shortage|Analysts)' ./receiver/defenderreceiver

integration: ## delivery to Apache Kafka itself (Java 17 and, once, Maven); says so when it cannot
	@if scripts/kafka fetch $(KAFKA); then \
		KAFKA_LIBS=$(KAFKA)/libs $(GO) test -v -count=1 -timeout 20m -run '^TestBroker' ./internal/e2e; \
	else status=$$?; \
		[ $$status -eq 69 ] || exit $$status; \
		echo "make integration: SKIPPED, nothing was tested: Apache Kafka cannot be run here, the line above says why"; \
	fi

browser: build ## the status page in Chromium (AXE=axe.min.js adds axe-core); says so when there is none
	@if command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; then \
		AXE="$(AXE)" $(GO) test -tags browser -v -count=1 -timeout 5m ./internal/browser; \
	else echo "make browser: SKIPPED, nothing was tested: there is no Chromium (Debian: apt-get install chromium)"; fi

lint: ## go vet and golangci-lint
	$(STATIC) $(GO) vet ./...
	$(STATIC) $(GO) run $(GOLANGCI_LINT) run ./...

site: ## build docs/ into out/site, and check its links (Python 3)
	@command -v python3 > /dev/null || { echo "make site needs Python 3"; exit 1; }
	@test -x out/.site/bin/mkdocs || { python3 -m venv out/.site && out/.site/bin/pip install --quiet -r scripts/site/requirements.txt; }
	NO_MKDOCS_2_WARNING=1 out/.site/bin/mkdocs build --strict -f scripts/site/mkdocs.yml

vulncheck: ## known vulnerabilities in the commands; .ci/vulnerabilities.yaml has the exceptions
	@mkdir -p $(BIN)/symbols
	$(STATIC) $(GO) build -o $(BIN)/symbols/ $(addprefix ./cmd/,$(COMMANDS))
	$(STATIC) $(GO) run ./scripts/vulncheck $(addprefix $(BIN)/symbols/,$(COMMANDS))

fmt: ## format the code as lint asks for
	$(STATIC) $(GO) run $(GOLANGCI_LINT) fmt ./...

bench: ## run all benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

generate: ## write the distribution's sources from builder-config.yaml, and each component's from its metadata.yaml
	@mkdir -p cmd/otelcol-defender
	$(STATIC) $(GO) tool builder --skip-get-modules --skip-compilation --config builder-config.yaml
	@$(GO) fmt ./cmd/otelcol-defender >/dev/null
	$(STATIC) $(GO) generate ./...

generated: generate ## generate, and fail if that changed a file
	@git diff --exit-code --stat || { echo "make generated: commit what make generate writes"; exit 1; }

oracle: ## install Microsoft's KQL parser, against which a test checks the queries (Node)
	@if [ ! -d $(ORACLE) ]; then echo "make oracle: skipped, there is no $(ORACLE)"; \
	elif ! command -v npm >/dev/null 2>&1; then echo "make oracle: skipped, npm is not installed"; \
	else npm ci --no-audit --no-fund --prefix $(ORACLE); fi

run: build ## the whole way on this machine: emulator, collector, TOTAL events in out/ (DURATION=30s ends it, PORT_BASE=20000 moves its ports)
	@exec $(BIN)/demo $(if $(DURATION),-duration $(DURATION)) $(if $(PORT_BASE),-port-base $(PORT_BASE))

# Archives are the same bytes each time, with GNU tar.
dist: ## archives of all commands for each platform, and their checksums, in dist/
	@rm -rf dist && mkdir -p dist
	@set -e; for platform in $(PLATFORMS); do \
		name=otelcol-defender_$(VERSION)_$${platform%/*}_$${platform#*/}; echo "dist/$$name.tar.gz"; \
		mkdir dist/$$name; cp -R README.md CHANGELOG.md LICENSE SECURITY.md config dist/$$name/; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(STATIC) $(GO) build -ldflags "-s -w" -o dist/$$name/ $(addprefix ./cmd/,$(COMMANDS)); \
		tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C dist -cf - $$name | gzip -n >dist/$$name.tar.gz; \
		rm -rf dist/$$name; \
	done
	cd dist && sha256sum *.tar.gz >SHA256SUMS

publish: ## make the release TAG on GitHub of what is in dist/ (gh)
	@[ "$(TAG)" = "v$(VERSION)" ] || { echo "make publish: TAG is '$(TAG)', and internal/version says v$(VERSION)"; exit 1; }
	gh release create "$(TAG)" --verify-tag --title "$(TAG)" --notes "[CHANGELOG.md](../../blob/$(TAG)/CHANGELOG.md) says what is new." dist/*

clean: ## remove what build, run and dist have written
	rm -rf $(BIN) out dist
