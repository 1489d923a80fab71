package e2e

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

const (
	dashboardFile = "../../docs/dashboard.json"
	queriesFile   = "../../docs/metrics.md"
	runbookFile   = "../../docs/runbook.md"
)

// Every expression of the rules, the dashboard and the documented queries selects series that a collector with
// config/production.yaml has, with its telemetry as it is.
func TestWatchedSeries(t *testing.T) {
	t.Parallel()
	page := scrapeProduction(t)
	for place, expressions := range watchedExpressions(t) {
		for _, expression := range expressions {
			for _, trouble := range page.unknown(t, expression) {
				assert.Fail(t, "there is no such series", "%s: %s\n%s", place, trouble, expression)
			}
		}
	}
}

// The check finds what breaks rules: a metric, a label or a value of another name.
func TestWatchedSeriesTellsAnother(t *testing.T) {
	t.Parallel()
	one := func(name, value string) *dto.LabelPair { return &dto.LabelPair{Name: &name, Value: &value} }
	kind := dto.MetricType_GAUGE
	page := scrape{"lag": {Type: &kind, Metric: []*dto.Metric{{Label: []*dto.LabelPair{one("table", "A"), one("outcome", "ok")}}}}}
	for expression, troubles := range map[string]int{
		`lag`: 0,
		`sum by (instance, table) (lag{table=~".*", outcome!="failed", job="x"})`: 0,
		`lag_total`:                    1,
		`lag{tabel="A"}`:               1,
		`lag{outcome="okay"}`:          1,
		`max by (receiver) (lag)`:      1,
		`lag / on (tabel) lag`:         1,
		`sum(lag) by (table) > 1 or x`: 1,
	} {
		assert.Len(t, page.unknown(t, expression), troubles, expression)
	}
}

// What the shipped configurations call the metrics is what the Collector calls them by default.
func TestNamesAreTheDefault(t *testing.T) {
	t.Parallel()
	port := ports.Free(t)
	plain := scrapeProduction(t, "--set=service.telemetry.metrics.readers=[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: "+port+"}}}}]", port)
	shipped := scrapeProduction(t)
	names := func(page scrape) []string {
		return slices.DeleteFunc(slices.Sorted(maps.Keys(page)), func(name string) bool {
			return !strings.HasPrefix(name, "otelcol_receiver_defender_") && !strings.HasPrefix(name, "otelcol_processor_total_normalize_")
		})
	}
	require.NotEmpty(t, names(plain))
	assert.Equal(t, names(plain), names(shipped))
}

// Each alert links to its section of the runbook, and each section has its alert.
func TestRunbook(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(runbookFile)
	require.NoError(t, err)
	var sections, alerts []string
	for _, section := range regexp.MustCompile(`(?m)^## (\w+)$`).FindAllStringSubmatch(string(content), -1) {
		sections = append(sections, section[1])
	}
	for _, rule := range readRules(t, alertsFile) {
		alerts = append(alerts, rule.Alert)
		assert.Equal(t, "https://github.com/otelcol-defender/otelcol-defender/blob/main/docs/runbook.md#"+strings.ToLower(rule.Alert),
			rule.Annotations["runbook_url"], rule.Alert)
		assert.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
		assert.Contains(t, []string{"critical", "warning", "info"}, rule.Labels["severity"], rule.Alert)
	}
	assert.ElementsMatch(t, alerts, sections)
	for _, section := range strings.Split(string(content), "\n## ")[1:] {
		for _, part := range []string{"**Means:**", "**Look at:**", "**Do:**"} {
			assert.Contains(t, section, part)
		}
	}
	for _, link := range regexp.MustCompile(`\(#([\w-]+)\)`).FindAllStringSubmatch(string(content), -1) {
		assert.Contains(t, strings.ToLower(strings.Join(sections, " ")+" "), link[1]+" ", "a link of the runbook")
	}
}

// Each rule has a test of promtool, which `make prometheus` runs.
func TestRulesHaveTests(t *testing.T) {
	t.Parallel()
	for file, tests := range map[string]string{alertsFile: "alerts_test.yml", postureAlertsFile: "posture_alerts_test.yml"} {
		content, err := os.ReadFile(filepath.Join("testdata", tests))
		require.NoError(t, err)
		for _, rule := range readRules(t, file) {
			assert.Regexp(t, `eval_time: \w+\n +alertname: `+rule.Alert+`\n`, string(content), "it fires")
			assert.Regexp(t, `alertname: `+rule.Alert+`, exp_alerts: \[\]`, string(content), "it does not fire")
		}
	}
}

// readRules reads the rules as they are.
func readRules(t *testing.T, file string) []rulefmt.Rule {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	groups, errs := rulefmt.Parse(content, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	require.Len(t, groups.Groups, 1)
	return groups.Groups[0].Rules
}

// watchedExpressions are all PromQL expressions that are shipped, by where they stand.
func watchedExpressions(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{"the dashboard": dashboardExpressions(t, dashboardFile)}
	for _, rule := range readRules(t, alertsFile) {
		found[rule.Alert] = []string{rule.Expr}
	}
	content, err := os.ReadFile(queriesFile)
	require.NoError(t, err)
	for _, query := range documentedQuery.FindAllStringSubmatch(string(content), -1) {
		found["docs/metrics.md"] = append(found["docs/metrics.md"], query[1])
	}
	require.Greater(t, len(found["docs/metrics.md"]), 20)
	require.Greater(t, len(found["the dashboard"]), 20)
	return found
}

var documentedQuery = regexp.MustCompile("(?s)```promql\n(.+?)\n```")

// dashboardExpressions are those of the panels, with the variables replaced as Grafana does, and those of the variables.
func dashboardExpressions(t *testing.T, file string) (found []string) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Definition string }
		}
	}
	require.NoError(t, json.Unmarshal(content, &dashboard))
	filled := strings.NewReplacer("$instance", ".*", "$receiver", ".*", "$table", ".*", "$tenant", ".*", "$__rate_interval", "5m")
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			found = append(found, filled.Replace(target.Expr))
		}
	}
	for _, variable := range dashboard.Templating.List {
		if variable.Definition == "" {
			continue // the data source
		}
		asked := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`).FindStringSubmatch(variable.Definition)
		require.NotNil(t, asked, variable.Definition)
		found = append(found, "max by ("+asked[2]+") ("+filled.Replace(asked[1])+")")
	}
	for _, expression := range found {
		assert.NotContains(t, expression, "$", "the test knows all variables")
	}
	return found
}

// ofPrometheus are labels that Prometheus itself gives, and le, which the text of a histogram has.
var ofPrometheus = []string{"instance", "job", "le"}

// notYet are series of the Collector's own that begin with the first failure.
var notYet = []string{"otelcol_exporter_send_failed_log_records"}

// unknown says which selectors of an expression select nothing of a page, and which labels its series lack.
func (m scrape) unknown(t *testing.T, expression string) (troubles []string) {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
	require.NoError(t, err, expression)
	var series []labels.Labels
	var asked []string
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			if n.Name == "up" || slices.Contains(notYet, n.Name) {
				return nil
			}
			selected := m.selected(n)
			if len(selected) == 0 {
				troubles = append(troubles, n.String()+" selects nothing")
			}
			series = append(series, selected...)
		case *parser.AggregateExpr:
			asked = append(asked, n.Grouping...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				asked = append(asked, n.VectorMatching.MatchingLabels...)
			}
		}
		return nil
	})
	for _, label := range asked {
		has := func(l labels.Labels) bool { return l.Has(label) }
		if !slices.Contains(ofPrometheus, label) && len(series) > 0 && !slices.ContainsFunc(series, has) {
			troubles = append(troubles, "no series has the label "+label)
		}
	}
	return troubles
}

// selected are the series that a selector selects, whatever Prometheus adds to them.
func (m scrape) selected(selector *parser.VectorSelector) (found []labels.Labels) {
	name := selector.Name
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if family := strings.TrimSuffix(name, suffix); m[family] != nil && m[family].GetType() == dto.MetricType_HISTOGRAM {
			name = family
		}
	}
	for _, metric := range m[name].GetMetric() {
		all := map[string]string{}
		for _, pair := range metric.GetLabel() {
			all[pair.GetName()] = pair.GetValue()
		}
		series := labels.FromMap(all)
		refuses := func(by *labels.Matcher) bool {
			if by.Name == model.MetricNameLabel || slices.Contains(ofPrometheus, by.Name) {
				return false
			}
			return !series.Has(by.Name) || !by.Matches(series.Get(by.Name))
		}
		if !slices.ContainsFunc(selector.LabelMatchers, refuses) {
			found = append(found, series)
		}
	}
	return found
}

// scrapeProduction starts a collector with config/production.yaml, a history to read, credentials that end and a receiver
// that waits for its lease, and returns its metrics once all events have come. reader replaces the reader of metrics: a
// setting, and its port.
func scrapeProduction(t *testing.T, reader ...string) scrape {
	t.Helper()
	s, want := newDeliveryStage(t)
	certificate, caFile := brokerCertificate(t)
	cluster := newCluster(t, kfake.TLS(certificate), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "defender", "password"),
		kfake.SeedTopics(topicPartitions, topicName))
	port := ports.Free(t)
	arguments := []string{
		"--set=receivers.defender.backfill.window=24h", "--set=receivers.defender.credentials.expires='2099-12-31'",
	}
	if len(reader) > 0 {
		arguments, port = append(arguments, reader[0]), reader[1]
	}
	s.start(run{
		configs:   []string{shipped + "production.yaml", overEmulator, "kafkaca.yaml", "standby.yaml"},
		arguments: arguments,
		variables: append(s.shippedEnvironment(), "KAFKA_BROKERS="+strings.Join(cluster.ListenAddrs(), ","), "KAFKA_USERNAME=defender",
			"KAFKA_PASSWORD=password", "E2E_KAFKA_CA_FILE="+caFile, "TELEMETRY_ENDPOINT="+startTelemetryServer(t).url, "LIVENESS_ENDPOINT=127.0.0.1:0", "METRICS_PORT="+port),
	})
	read := consume(t, cluster.ListenAddrs(), topicName, secured(t, caFile, scram.Auth{User: "defender", Pass: "password"}.AsSha512Mechanism())...)
	require.Eventually(t, read.have(want), wait, longTick, "all events should come")
	page := scrapeMetrics(t, "http://127.0.0.1:"+port+"/metrics")
	require.NotEmpty(t, page)
	return page
}
