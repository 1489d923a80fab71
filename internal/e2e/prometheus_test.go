package e2e

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

const (
	// prometheusVariable names the program prometheus. `make prometheus` sets it if it is installed.
	prometheusVariable = "PROMETHEUS"
	// prometheusPace is how long what lasts a minute in the alert rules lasts for this Prometheus.
	prometheusPace = 500 * time.Millisecond
	// prometheusWait is how long it may take until all rules have fired. The longest wait is that for an overdue audit.
	prometheusWait = 5 * time.Minute
)

// A trouble is a fault that is injected into a collector with testdata/two.yaml, and the rules that it makes fire.
type trouble struct {
	way      brokenWay
	settings []string // of the collector's flag --set
	fires    []string
	// mounts: it needs a file system of its own, which only root can mount.
	mounts bool
}

func troubles() map[string]trouble {
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.DateOnly)
	everyQuery := func(kind defendersim.FaultKind) func(*pair) {
		return fault(defendersim.Fault{Kind: kind, Rate: 1, Delay: time.Second})
	}
	poisoned := func(p *pair) {
		p.plantPoison()
		p.refuse(http.StatusBadRequest, isPoison)
	}
	return map[string]trouble{
		"wrong secret that ends": {
			way:      brokenWay{begin: func(p *pair) { p.set("E2E_A_SECRET", "wrong") }},
			settings: []string{"receivers.defender/a.credentials.expires='" + tomorrow + "'", "receivers.defender/a.initial_lookback=24h"},
			fires:    []string{"DefenderAccessRefused", "DefenderNothingRead", "DefenderTableBehind", "DefenderTableNearRetention", "DefenderCredentialsEnd", "DefenderAuditOverdue"},
		},
		"service down": {
			way:   brokenWay{later: everyQuery(defendersim.FaultUnavailable)},
			fires: []string{"DefenderTablePaused"},
		},
		"throttled": {
			way:   brokenWay{later: everyQuery(defendersim.FaultTooManyRequests)},
			fires: []string{"DefenderThrottled"},
		},
		"table not in the plan": {
			way:   brokenWay{begin: func(p *pair) { require.NoError(p.t, p.stage.sim.SetWithoutTables("DeviceFileEvents")) }},
			fires: []string{"DefenderTableNotInPlan"},
		},
		"little quota": {
			settings: []string{"receivers.defender/a.quota.requests_per_minute=10"},
			fires:    []string{"DefenderQuotaShort"},
		},
		"pipeline refuses all": {
			way:   brokenWay{later: func(p *pair) { p.refuse(http.StatusUnauthorized, everything) }},
			fires: []string{"DefenderPipelineRefuses", "DefenderTableStuck"},
		},
		"poison without dead letters": {
			way:      brokenWay{later: poisoned}, // a counter that stands at 1 when it is first scraped has not increased
			settings: []string{"receivers.defender/a.dead_letter.directory=''"},
			fires:    []string{"DefenderRowsRefused", "DefenderRowsLost"},
		},
		"dead letters cannot be written": {
			way: brokenWay{begin: func(p *pair) { p.refuse(http.StatusBadRequest, isPoison) }, later: func(p *pair) {
				letters := filepath.Join(p.stage.directory, "letters", "a")
				require.NoError(p.t, os.RemoveAll(letters))
				require.NoError(p.t, os.WriteFile(letters, nil, 0o600)) // a file where the directory was
				p.plantPoison()
			}},
			fires: []string{"DefenderDeadLettersFail"},
		},
		"cursors cannot be stored": {
			way: brokenWay{
				begin: func(p *pair) { mountSmallDisk(p.t, filepath.Join(p.stage.directory, "a"), "1m") },
				later: (*pair).fillDisk,
			},
			fires:  []string{"DefenderCursorNotStored"},
			mounts: true,
		},
		"rows that the service hides": {
			way:   brokenWay{begin: func(p *pair) { p.hide("ghost") }},
			fires: []string{"DefenderRowsMissing"},
		},
		"database of the leases down": {
			settings: []string{
				"extensions.postgres_storage.dsn=postgres://otelcol@127.0.0.1:1/otelcol", "receivers.defender/a.storage=postgres_storage",
				"service.extensions=[file_storage/a, file_storage/b, healthcheckv2, postgres_storage]",
			},
			fires: []string{"DefenderNoWorker", "DefenderLeasesNotRenewed"},
		},
		"collector killed": {
			way:   brokenWay{later: func(p *pair) { p.collector.kill() }},
			fires: []string{"DefenderDown"},
		},
	}
}

// For each rule there is a fault that makes it fire.
func TestEachRuleHasATrouble(t *testing.T) {
	t.Parallel()
	var rules, fires []string
	for _, rule := range readRules(t, alertsFile) {
		rules = append(rules, rule.Alert)
	}
	for _, trouble := range troubles() {
		fires = append(fires, trouble.fires...)
	}
	assert.ElementsMatch(t, rules, fires)
}

// Prometheus itself scrapes collectors into each of which a fault is injected. Every rule of docs/alerts.yml fires.
func TestPrometheus(t *testing.T) {
	program := os.Getenv(prometheusVariable)
	if program == "" {
		t.Skip("`make prometheus` runs this test, with Prometheus")
	}
	healthy := startTenant(t)
	targets, wanted := map[string]string{}, map[string]string{}
	var pairs []*pair
	for name, trouble := range troubles() {
		if trouble.mounts && os.Geteuid() != 0 {
			t.Logf("SKIPPED: %q, and so %s: a small file system needs root", name, trouble.fires)
			continue
		}
		p := startPairWith(t, trouble.way, healthy, trouble.settings)
		pairs, targets[name] = append(pairs, p), "127.0.0.1:"+p.metrics
		for _, alert := range trouble.fires {
			wanted[alert] = name
		}
	}
	server := startPrometheus(t, program, targets)
	for _, p := range pairs {
		p.breakLater()
	}
	server.verifyRules(len(readRules(t, alertsFile)))
	var last string
	fired := func() bool {
		missing := server.notFired(wanted)
		last = strings.Join(missing, "\n")
		return len(missing) == 0
	}
	if !assert.Eventually(t, fired, prometheusWait, time.Second, "every rule should fire") {
		t.Logf("these did not fire:\n%s", last)
	}
	for _, expression := range slices.Concat(watchedExpressions(t)["the dashboard"], watchedExpressions(t)["docs/metrics.md"]) {
		server.query(expression) // fails on what this Prometheus cannot evaluate
	}
}

// breakLater injects what is injected into a running collector, once it runs.
func (p *pair) breakLater() {
	p.t.Helper()
	p.stage.eventually(func() bool { return strings.Contains(p.collector.log(), ready) }, "the collector should start")
	if p.broken.later != nil {
		p.broken.later(p)
	}
}

// prometheusServer is a running Prometheus.
type prometheusServer struct {
	t   *testing.T
	url string
}

// startPrometheus starts Prometheus with the rules in the test's pace. Each target's name is its instance.
func startPrometheus(t *testing.T, program string, targets map[string]string) *prometheusServer {
	t.Helper()
	directory := t.TempDir()
	type static struct {
		Targets []string
		Labels  map[string]string
	}
	var statics []static
	for name, address := range targets {
		statics = append(statics, static{[]string{address}, map[string]string{"instance": name}})
	}
	interval := prometheusPace.String()
	write := func(name string, content any) {
		text, err := yamlv3.Marshal(content)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(directory, name), text, 0o600))
	}
	write("rules.yml", scaledRules(t, prometheusPace))
	write("prometheus.yml", map[string]any{
		"global":         map[string]any{"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
		"rule_files":     []string{"rules.yml"},
		"scrape_configs": []any{map[string]any{"job_name": "otelcol-defender", "static_configs": statics}},
	})
	log, err := os.Create(filepath.Join(directory, "prometheus.log"))
	require.NoError(t, err)
	defer log.Close() // the process has its own handle
	address := "127.0.0.1:" + ports.Free(t)
	command := exec.Command(program, "--config.file="+filepath.Join(directory, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(directory, "data"), "--web.listen-address="+address)
	command.Stdout, command.Stderr = log, log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("Prometheus' log ends with:\n%s", lastLines(string(text), 15))
		}
	})
	server := &prometheusServer{t: t, url: "http://" + address}
	require.Eventually(t, func() bool { return status(t, server.url+"/-/ready") == http.StatusOK }, wait, longTick, "Prometheus should start")
	return server
}

// scaledRules are the rules of docs/alerts.yml, with the times of scaleRule.
func scaledRules(t *testing.T, minute time.Duration) *rulefmt.RuleGroups {
	t.Helper()
	content, err := os.ReadFile(alertsFile)
	require.NoError(t, err)
	groups, errs := rulefmt.Parse(content, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	for _, group := range groups.Groups {
		for i, rule := range group.Rules {
			scaled := scaleRule(t, rule, minute)
			group.Rules[i].Expr, group.Rules[i].For = scaled.query, model.Duration(scaled.after)
		}
	}
	return groups
}

// get asks Prometheus' API and decodes the data of the answer.
func (s *prometheusServer) get(path string, data any) {
	s.t.Helper()
	response, err := get(s.t, s.url+path)
	require.NoError(s.t, err)
	defer response.Body.Close()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	require.NoError(s.t, json.NewDecoder(response.Body).Decode(&answer), path)
	require.Equal(s.t, "success", answer.Status, "%s: %s", path, answer.Error)
	require.NoError(s.t, json.Unmarshal(answer.Data, data))
}

// query returns the labels of the series that a query gives now.
func (s *prometheusServer) query(expression string) []map[string]string {
	s.t.Helper()
	var data struct {
		Result []struct{ Metric map[string]string }
	}
	s.get("/api/v1/query?query="+url.QueryEscape(expression), &data)
	var found []map[string]string
	for _, series := range data.Result {
		found = append(found, series.Metric)
	}
	return found
}

// verifyRules checks that Prometheus has loaded so many rules and can evaluate each.
func (s *prometheusServer) verifyRules(count int) {
	s.t.Helper()
	var data struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	s.get("/api/v1/rules", &data)
	require.Len(s.t, data.Groups, 1)
	assert.Len(s.t, data.Groups[0].Rules, count)
	for _, rule := range data.Groups[0].Rules {
		assert.NotEqual(s.t, "err", rule.Health, "%s: %s", rule.Name, rule.LastError)
	}
}

// notFired says which alerts have not fired yet for the collector that each is expected of, nor for its broken receiver.
func (s *prometheusServer) notFired(wanted map[string]string) (missing []string) {
	s.t.Helper()
	fired := s.query(`max by (alertname, instance, receiver, component) (max_over_time(ALERTS{alertstate="firing"}[1h]))`)
	for alert, instance := range wanted {
		if !slices.ContainsFunc(fired, func(series map[string]string) bool { return series["alertname"] == alert && isAbout(series, instance) }) {
			missing = append(missing, fmt.Sprintf("%s of %q", alert, instance))
		}
	}
	return missing
}

// isAbout reports whether an alert is about the receiver that is broken in a collector.
func isAbout(alert map[string]string, instance string) bool {
	switch alert["alertname"] {
	case "DefenderDown", "DefenderLeasesNotRenewed": // about the whole collector
		return alert["instance"] == instance
	case "DefenderNoWorker": // about all collectors together
		return alert["component"] == "defender/a"
	default:
		return alert["instance"] == instance && alert["receiver"] == "defender/a"
	}
}
