# `make help` lists the targets. Go and make are all they need; `make oracle` also wants Node, `make integration` Java,
# Prometheus and Node.

GO      ?= go
BIN     := bin

# Build, vet and lint share one set of compiler settings, and so the compiled dependencies, which take minutes.
# grpcnotrace leaves out golang.org/x/net/trace, which keeps the linker from dropping unused code.
STATIC := CGO_ENABLED=0 GOFLAGS="$(shell $(GO) env GOFLAGS) -trimpath -tags=grpcnotrace"

# The demo has a collector of its own, of the components that config/demo.yaml uses: a fresh machine compiles all of it
# before the first event. Everything else is released.
DEMO     := demo defendersim demo-collector
COMMANDS := $(filter-out demo-collector,$(notdir $(wildcard cmd/*)))

VERSION   := $(shell sed -n 's/^const Number = "\(.*\)"/\1/p' internal/version/version.go)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# What is released names its commit and has the commit's time.
RELEASE := CGO_ENABLED=0 GOFLAGS="$(shell $(GO) env GOFLAGS) -trimpath -tags=grpcnotrace -buildvcs=auto"
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
EPOCH   := $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
STAGE   := $(BIN)/release

# The race detector needs a C compiler; without one the tests still run.
RACE := $(if $(shell command -v $(firstword $(shell $(GO) env CC)) 2>/dev/null),-race)
# A program with the race detector sleeps for a second before it ends, and there is one for each package.
ATONCE := GORACE="atexit_sleep_ms=0 $(GORACE)"

NFPM          := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

ORACLE := internal/emulator/kql/oracle
KAFKA  := $(abspath $(BIN))/kafka

AZURITE         := $(abspath $(BIN))/azurite
AZURITE_VERSION := 3.37.0

HELM         := $(abspath $(BIN))/helm
HELM_VERSION := v3.22.0

.DEFAULT_GOAL := help
.PHONY: help build test test-finished test-long integration kafka prometheus postgres azurite ownbuild browser chart lint vulncheck fmt bench generate generated oracle run site dist dist-test publish clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build every command into bin/
	@mkdir -p $(BIN)
	$(STATIC) $(GO) build -ldflags "-s -w" -o $(BIN)/ $(addprefix ./cmd/,$(COMMANDS))

# The receiver's tests take longest, so they begin first, and the other packages are compiled and tested beside them.
FIRST := ./receiver/defenderreceiver ./internal/verification ./internal/delivery
# Tests that take minutes under the race detector. TestModel and the two of LONG play some of their cases there, and all here.
LONG_RECEIVER := '^Test(Model$$|TenDays|TenThousand|Weeks|Burst|Costs|Shortage|Analysts)'
LONG          := '^Test(EveryoneHasOneTUID|SecretsAreNotRepeated)$$'
# The tests of the finished program mostly wait. Those that are long run beside them, and give way to them. A quarter of
# their CPU would collect garbage; there is memory.
BESIDE := GOGC=400 GOMEMLIMIT=3GiB $(if $(shell command -v nice 2>/dev/null),nice -n 19)

# lint runs go vet, which would compile all dependencies once more for what go test checks.
test: ## run all tests, with the race detector where there is a C compiler
	@$(if $(RACE),,echo "no C compiler: the tests run without the race detector")
	$(ATONCE) $(GO) test $(RACE) -vet=off -timeout 20m $(FIRST) $(filter-out %/internal/e2e $(addprefix %,$(FIRST:.%=%)),$(shell $(GO) list ./...))
	@echo "without the race detector: tests of the finished program, which has none in it, and what takes minutes under it:"
	@$(STATIC) $(GO) list -export -deps -test ./cmd/otelcol-defender ./internal/e2e ./receiver/defenderreceiver >/dev/null # compiles them
	$(MAKE) -j2 test-finished test-long

test-finished:
	$(STATIC) $(GO) test -vet=off -timeout 20m ./internal/e2e

test-long:
	$(STATIC) $(BESIDE) $(GO) test -vet=off -timeout 20m -run $(LONG_RECEIVER) ./receiver/defenderreceiver
	$(STATIC) $(BESIDE) $(GO) test -vet=off -timeout 20m -run $(LONG) ./processor/totalnormalizeprocessor ./internal/pipelinecheck

integration: kafka prometheus postgres azurite ## delivery to Apache Kafka itself, alerts in Prometheus itself, workers on PostgreSQL itself, Microsoft's Azurite; each says so when it cannot

kafka: ## the half of integration with Apache Kafka (Java 17 and, once, Maven)
	@if scripts/kafka fetch $(KAFKA); then \
		KAFKA_LIBS=$(KAFKA)/libs $(GO) test -v -count=1 -timeout 20m -run '^TestBroker' ./internal/e2e; \
	else status=$$?; \
		[ $$status -eq 69 ] || exit $$status; \
		echo "make kafka: SKIPPED, nothing was tested: Apache Kafka cannot be run here, the line above says why"; \
	fi

prometheus: ## the other half: a fault for each alert rule, and Prometheus sees each fire (minutes)
	@if command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1; then \
		promtool check rules docs/alerts.yml docs/posture-alerts.yml && promtool test rules internal/e2e/testdata/alerts_test.yml internal/e2e/testdata/posture_alerts_test.yml && \
		PROMETHEUS=$$(command -v prometheus) $(STATIC) $(GO) test -v -count=1 -timeout 20m -run '^TestPrometheus' ./internal/e2e; \
	else echo "make prometheus: SKIPPED, nothing was tested: Prometheus is not installed (Debian: apt-get install prometheus)"; fi

POSTGRES_BIN ?= $(firstword $(wildcard /usr/lib/postgresql/*/bin) $(patsubst %/initdb,%,$(shell command -v initdb 2>/dev/null)))

postgres: ## the third part: workers that are killed, frozen and cut off take over from each other (WORKERS_FOR=10m disturbs them for longer)
	@if [ -x "$(POSTGRES_BIN)/initdb" ]; then \
		POSTGRES_BIN=$(POSTGRES_BIN) WORKERS_FOR=$(WORKERS_FOR) $(STATIC) $(GO) test -v -count=1 -timeout 30m -run '^TestPostgres' ./extension/postgresstorageextension ./internal/e2e; \
	else echo "make postgres: SKIPPED, nothing was tested: PostgreSQL is not installed (Debian: apt-get install postgresql; POSTGRES_BIN names the folder of initdb)"; fi

azurite: ## the storage receiver against Microsoft's Azurite, beside the emulator (Node and, once, npm)
	@if [ -x $(AZURITE)/node_modules/.bin/azurite-blob ] || \
		{ command -v npm >/dev/null 2>&1 && npm install --no-audit --no-fund --silent --prefix $(AZURITE) azurite@$(AZURITE_VERSION); }; then \
		AZURITE=$(AZURITE)/node_modules/.bin/azurite-blob STORAGE_KILLS=50 $(GO) test -v -count=1 -timeout 10m \
			-run '^(TestAccountsBehaveAlike|TestWriterAndReaderAtOnce|TestKilledProcesses)$$' ./receiver/defenderstoragereceiver; \
	else echo "make azurite: SKIPPED, nothing was tested: npm cannot install azurite $(AZURITE_VERSION), the lines above say why"; fi

ownbuild: ## the Collector of docs/own-build.md, built with ocb of this checkout, in bin/ownbuild
	$(STATIC) GO=$(GO) scripts/ownbuild $(BIN)/ownbuild

browser: build ## the status page in Chromium (AXE=axe.min.js adds axe-core); says so when there is none
	@if command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; then \
		AXE="$(AXE)" $(GO) test -tags browser -v -count=1 -timeout 5m ./internal/browser; \
	else echo "make browser: SKIPPED, nothing was tested: there is no Chromium (Debian: apt-get install chromium)"; fi

chart: ## the Helm chart, rendered by Helm (built once, minutes); says so when it cannot be had
	@if [ -x $(HELM) ] || GOBIN=$(dir $(HELM)) CGO_ENABLED=0 $(GO) install helm.sh/helm/v3/cmd/helm@$(HELM_VERSION); then \
		HELM=$(HELM) CGO_ENABLED=0 $(GO) test -trimpath -tags=grpcnotrace,helm -count=1 -timeout 10m ./internal/chart; \
	else echo "make chart: SKIPPED, nothing was tested: Helm $(HELM_VERSION) cannot be built here, the lines above say why"; fi

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

# BENCH=short takes two minutes, BENCH_PARTS="decode idle" measures some parts only, BENCH_BEFORE=path measures a second
# collector beside this one. Only a whole run writes docs/performance.md.
bench: ## measure decode, normalize, pipeline, checkpoint, idle and growth (quarter of an hour; BENCH=short, BENCH_PARTS=, BENCH_BEFORE=)
	@mkdir -p $(BIN) out
	$(STATIC) $(GO) build -ldflags "-s -w" -o $(BIN)/ ./cmd/otelcol-defender ./scripts/bench
	$(STATIC) $(BIN)/bench -size $(or $(BENCH),full) -lines out/bench.txt \
		$(if $(BENCH_PARTS),-part "$(BENCH_PARTS)") $(if $(BENCH_BEFORE),-before "$(BENCH_BEFORE)") \
		$(if $(BENCH)$(BENCH_PARTS),,-document docs/performance.md)

generate: ## write the sources of the distribution and of the demo's collector from their builder-config.yaml, and each component's from its metadata.yaml
	@mkdir -p cmd/otelcol-defender
	$(STATIC) $(GO) tool builder --skip-get-modules --skip-compilation --config builder-config.yaml
	$(STATIC) $(GO) tool builder --skip-get-modules --skip-compilation --config cmd/demo-collector/builder-config.yaml
	@$(GO) fmt ./cmd/otelcol-defender ./cmd/demo-collector >/dev/null
	$(STATIC) $(GO) generate ./...

generated: generate ## generate, and fail if that changed a file
	@git diff --exit-code --stat || { echo "make generated: commit what make generate writes"; exit 1; }

oracle: ## install Microsoft's KQL parser, against which a test checks the queries (Node)
	@if [ ! -d $(ORACLE) ]; then echo "make oracle: skipped, there is no $(ORACLE)"; \
	elif ! command -v npm >/dev/null 2>&1; then echo "make oracle: skipped, npm is not installed"; \
	else npm ci --no-audit --no-fund --prefix $(ORACLE); fi

# Without inlining the demo compiles in three quarters of the time, and is fast enough. Everything else is built with it.
run: ## the whole way on this machine: emulator, collector, TOTAL events in out/ (DURATION=30s ends it, PORT_BASE=20000 moves its ports)
	@mkdir -p $(BIN)
	$(STATIC) $(GO) build -gcflags=all=-l -ldflags "-s -w" -o $(BIN)/ $(addprefix ./cmd/,$(DEMO))
	@exec $(BIN)/demo -collector demo-collector $(if $(DURATION),-duration $(DURATION)) $(if $(PORT_BASE),-port-base $(PORT_BASE))

# What is released is the same bytes each time: no time but the commit's, no path of this machine. Go stamps the commit.
# Six platforms are compiled one after another; PLATFORMS="linux/amd64" builds one.
dist: ## archives, packages, an image, SBOM and checksums in dist/ (PLATFORMS=linux/amd64 builds some platforms only)
	@rm -rf dist $(STAGE) && mkdir -p dist $(STAGE)/share/completions $(STAGE)/share/man
	@set -e; for platform in $(PLATFORMS); do \
		into=$(STAGE)/bin/$${platform%/*}_$${platform#*/}; echo "build $$platform"; mkdir -p $$into; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(RELEASE) $(GO) build -ldflags "-s -w" -o $$into/ $(addprefix ./cmd/,$(COMMANDS)); \
	done
	$(RELEASE) $(GO) build -o $(STAGE)/defenderctl ./cmd/defenderctl
	@for shell in bash zsh fish; do $(STAGE)/defenderctl completion $$shell >$(STAGE)/share/completions/defenderctl.$$shell; done
	SOURCE_DATE_EPOCH=$(EPOCH) $(STAGE)/defenderctl man $(STAGE)/share/man
	@cp packaging/otelcol-defender.8 $(STAGE)/share/man/ && gzip -9n $(STAGE)/share/man/*
	$(STATIC) $(GO) run ./scripts/dist -version $(VERSION) -commit $(COMMIT) -epoch $(EPOCH) -stage $(STAGE) -out dist $(PLATFORMS)
	GOBIN=$(abspath $(STAGE)) $(STATIC) $(GO) install $(NFPM)
	@set -e; for platform in $(filter linux/%,$(PLATFORMS)); do for packager in deb rpm; do \
		SOURCE_DATE_EPOCH=$(EPOCH) VERSION=$(VERSION) GOARCH=$${platform#*/} STAGE=$(STAGE)/bin/linux_$${platform#*/} SHARE=$(STAGE)/share \
		NOTICES=$(STAGE)/THIRD_PARTY_NOTICES.txt $(STAGE)/nfpm package --config packaging/nfpm.yaml --packager $$packager --target dist/; \
	done; done
	@cd dist && sha256sum * >SHA256SUMS && cat SHA256SUMS

dist-test: ## what is in dist/: packages installed, upgraded, removed and purged, the unit, the image (root on Linux; says what it cannot do)
	$(STATIC) $(GO) test -tags "grpcnotrace dist" -v -count=1 -timeout 10m ./internal/packaging

publish: ## make the release TAG on GitHub of what is in dist/ (gh)
	@[ "$(TAG)" = "v$(VERSION)" ] || { echo "make publish: TAG is '$(TAG)', and internal/version says v$(VERSION)"; exit 1; }
	gh release create "$(TAG)" --verify-tag --title "$(TAG)" --notes "[CHANGELOG.md](../../blob/$(TAG)/CHANGELOG.md) says what is new." dist/*

clean: ## remove what build, run and dist have written
	rm -rf $(BIN) out dist
