package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

const (
	// pace is how long what lasts a minute in the alert rules lasts in two.yaml.
	pace = time.Second
	// watched is how long collectors are watched: the rules' longest `for` and range, and the time to get there.
	watched = 55 * time.Second
)

// pair is a collector with two receivers, of which the first is broken.
type pair struct {
	t         *testing.T
	broken    brokenWay
	stage     *stage // its emulator is that of defender/a
	otlp      *otlpServer
	variables []string
	collector *collector
	health    string
	metrics   string
	seen      sightings
}

// sightings is what was seen of a pair from outside.
type sightings struct {
	metrics recording
	first   scrape // the first page
	last    scrape // the last one
	codes   []int  // answers of the alerting endpoint, once a second
	status  healthStatus
	from    time.Time
}

// brokenWay is a way in which the first receiver is broken, and what must be seen of that.
type brokenWay struct {
	// begin breaks it before the collector starts, later when its tables are read, and ends mends it some seconds
	// afterwards; any of them may be nil.
	begin, later, ends func(*pair)
	// gate turns the feature gate telemetry.newPipelineTelemetry on.
	gate bool
	// alerts are those that fire, with tables and reasons.
	alerts []string
	// status is what the status says; empty: it is OK.
	status string
	// logged are the receiver's messages at warn and error, and how often each comes.
	logged map[string]int
	// mentioned is a message at info.
	mentioned string
}

// healthStatus is what the alerting endpoint answers.
type healthStatus struct {
	Healthy    bool                    `json:"healthy"`
	Status     string                  `json:"status"`
	Error      string                  `json:"error"`
	Attributes map[string]any          `json:"attributes"`
	Components map[string]healthStatus `json:"components"`
}

// of is the status of a receiver.
func (h healthStatus) of(receiver string) healthStatus {
	return h.Components["pipeline:logs/"+receiver].Components["receiver:defender/"+receiver]
}

// ofEach names an alert for each of these tables.
func ofEach(alert, reason string, names []string) (alerts []string) {
	for _, name := range names {
		alerts = append(alerts, strings.TrimSpace(alert+" defender/a "+name+" "+reason))
	}
	return alerts
}

// defaultTables are those that a receiver reads by default: events, and directories.
func defaultTables() (events, directories []string) {
	for _, table := range tables.All() {
		if table.Kind == tables.Directory {
			directories = append(directories, table.Name)
		} else {
			events = append(events, table.Name)
		}
	}
	return events, directories
}

// Messages of the receiver's log.
const (
	logFailed       = "A poll failed; the cursor stays at what was delivered."
	logPaused       = "The table is paused after consecutive failures. It goes on where it stands."
	logNotThere     = "The table is paused and looked at again later; all others go on without it."
	logBadSecret    = "All tables are paused, because the credentials are not accepted."
	logNoPermission = "All tables are paused, because the app registration lacks a permission."
	logHeld         = "Rows are held and offered again, because the pipeline does not take them."
	logWaits        = "The table waits."
	logRefused      = "The pipeline refused a row for good while it took others; the row is in the dead letters."
	logThrottled    = "The service throttles; all tables wait."
	// logFirstStart is told by both receivers.
	logFirstStart = "The storage holds no cursor, so this counts as the first start"
	// often is the number of a message that each audit repeats.
	often = -1
)

func brokenWays() map[string]brokenWay {
	events, directories := defaultTables()
	withRows := slices.DeleteFunc(slices.Clone(events), func(name string) bool { return name == "Alerts" })
	behind := ofEach("DefenderTableBehind", "", events)
	nothingRead := append([]string{"DefenderNothingRead defender/a"}, behind...)
	unanswered := ofEach("DefenderTablePaused", "failures", events)
	wrongSecret := brokenWay{
		begin:  func(p *pair) { p.set("E2E_A_SECRET", "wrong") },
		alerts: append([]string{"DefenderAccessRefused defender/a credentials"}, nothingRead...),
		status: "the client secret is wrong",
		logged: map[string]int{logFailed: 1, logBadSecret: 1},
	}
	refusing := brokenWay{
		later:  func(p *pair) { p.refuse(http.StatusUnauthorized, everything) },
		alerts: append(ofEach("DefenderTableBehind", "", withRows), "DefenderPipelineRefuses defender/a"),
		status: "the destination refuses everything",
		logged: map[string]int{logHeld: 1},
	}
	return map[string]brokenWay{
		"wrong secret":                        wrongSecret,
		"wrong secret, new telemetry":         wrongSecret.withGate(),
		"pipeline refuses all":                refusing,
		"pipeline refuses all, new telemetry": refusing.withGate(),
		"permission missing": {
			begin:  func(p *pair) { p.stage.sim.SetRoles() },
			alerts: append([]string{"DefenderAccessRefused defender/a permission"}, nothingRead...),
			status: "grant the app registration the application permission ThreatHunting.Read.All",
			logged: map[string]int{logFailed: 1, logNoPermission: 1},
		},
		"service down": {
			begin:  func(p *pair) { p.set("E2E_A_ENDPOINT", "https://127.0.0.1:"+ports.Free(p.t)) },
			alerts: slices.Concat(nothingRead, unanswered, ofEach("DefenderTablePaused", "failures", directories)),
			status: "connection refused",
			logged: map[string]int{logFailed: 1, logPaused: 1},
		},
		"5xx for ever": {
			later:  fault(defendersim.Fault{Kind: defendersim.FaultUnavailable, Rate: 1}),
			alerts: slices.Concat(nothingRead, unanswered),
			status: "failed with status 503",
			logged: map[string]int{logFailed: 1, logPaused: 1},
		},
		"throttled for ever": {
			later:     fault(defendersim.Fault{Kind: defendersim.FaultTooManyRequests, Rate: 1, Delay: time.Second}),
			alerts:    append([]string{"DefenderThrottled defender/a"}, nothingRead...),
			status:    "throttled: the hunting API refused the query with status 429",
			mentioned: logThrottled,
		},
		"throttled for a while": {
			later:     fault(defendersim.Fault{Kind: defendersim.FaultTooManyRequests, Rate: 1, Delay: time.Second}),
			ends:      func(p *pair) { p.stage.sim.SetFaults() },
			mentioned: logThrottled,
		},
		"table not in the plan": {
			begin:  func(p *pair) { require.NoError(p.t, p.stage.sim.SetWithoutTables("DeviceFileEvents")) },
			alerts: []string{"DefenderTableNotInPlan defender/a DeviceFileEvents"},
			status: "DeviceFileEvents: the hunting API refused the query with status 400 BadRequest: the tenant has no such table",
			logged: map[string]int{logNotThere: 1},
		},
		"one table fails": {
			later:  fault(defendersim.Fault{Kind: defendersim.FaultServerError, Rate: 1, Table: "DeviceFileEvents"}),
			alerts: []string{"DefenderTableBehind defender/a DeviceFileEvents", "DefenderTablePaused defender/a DeviceFileEvents failures"},
			status: "DeviceFileEvents: the hunting API failed with status 500",
			logged: map[string]int{logFailed: 1, logPaused: 1},
		},
		"poison row": {
			begin: func(p *pair) {
				p.plantPoison()
				p.refuse(http.StatusBadRequest, isPoison)
			},
			alerts: []string{"DefenderRowsRefused defender/a DeviceEvents"},
			logged: map[string]int{logRefused: 1, "Audit: 1 row was refused by the pipeline for good and kept in the dead letters": often},
		},
		"cursors cannot be stored": {
			begin:  func(p *pair) { mountSmallDisk(p.t, filepath.Join(p.stage.directory, "a"), "1m") },
			later:  (*pair).fillDisk,
			alerts: append([]string{"DefenderCursorNotStored defender/a"}, nothingRead...),
			status: "cursors cannot be stored, so nothing more is read",
			logged: map[string]int{logWaits: 1},
		},
		"audit finds missing rows": {
			begin:  func(p *pair) { p.hide("ghost") },
			alerts: []string{"DefenderRowsMissing defender/a DeviceEvents"},
			status: "audit.DeviceEvents: 1 row is missing since",
			logged: map[string]int{"Audit: 1 row is missing since": often},
		},
	}
}

func (w brokenWay) withGate() brokenWay {
	w.gate = true
	return w
}

// fault lets the service answer so from then on.
func fault(f defendersim.Fault) func(*pair) { return func(p *pair) { p.stage.sim.SetFaults(f) } }

// Two receivers in one process, the first of them broken. Alerts, status and log tell what it has, and that the other
// one has nothing.
func TestTwoReceivers(t *testing.T) {
	if raceEnabled {
		t.Skip("a minute of its rules is a second, which needs both cores; make test runs it without the race detector")
	}
	healthy := startTenant(t)
	var pairs []*pair
	ways := brokenWays()
	for _, name := range slices.Sorted(maps.Keys(ways)) {
		pairs = append(pairs, startPair(t, ways[name], healthy))
	}
	var watching sync.WaitGroup
	for _, p := range pairs {
		watching.Go(p.watch)
	}
	watching.Wait()
	rules := readAlerts(t, pace)
	for i, name := range slices.Sorted(maps.Keys(ways)) {
		t.Run(name, func(t *testing.T) { pairs[i].verify(t, rules) })
	}
	t.Run("documented queries", func(t *testing.T) { answerDocumentedQueries(t, pairs) })
}

// answerDocumentedQueries checks that each query of docs/metrics.md has an answer in at least one of the pairs.
func answerDocumentedQueries(t *testing.T, pairs []*pair) {
	t.Helper()
	content, err := os.ReadFile(queriesFile)
	require.NoError(t, err)
	queries := documentedQuery.FindAllStringSubmatch(string(content), -1)
	require.NotEmpty(t, queries)
	for _, query := range queries {
		if strings.Contains(query[1], "backfill_progress") {
			continue // there is no history in two.yaml
		}
		if strings.Contains(query[1], "_postgres_storage_") {
			continue // there is no database; the rules about leases fire in Prometheus itself
		}
		answered := slices.ContainsFunc(pairs, func(p *pair) bool {
			end := p.seen.from.Add(watched - 5*time.Second)
			return len(p.seen.metrics.ask(t, query[1], end, end, time.Second, 5*time.Second)) > 0
		})
		assert.True(t, answered, query[1])
	}
}

// startTenant starts an emulator whose event tables get a row a second.
func startTenant(t *testing.T) *defendersim.Server {
	t.Helper()
	limits := defendersim.DefaultLimits().WithoutQuotas()
	sim := testbed.StartEmulator(t, defendersim.Options{Limits: &limits})
	begin := time.Now().Add(-30 * time.Second)
	events, _ := defaultTables()
	for _, table := range events {
		if table == "Alerts" { // which has columns of its own
			continue
		}
		var rows []defendersim.Planted
		for second := range 300 {
			rows = append(rows, eventRow(begin.Add(time.Duration(second)*time.Second), second, "laptop"))
		}
		require.NoError(t, sim.Plant(table, rows...))
	}
	return sim
}

// eventRow is a row that any of the event tables can have.
func eventRow(at time.Time, id int, device string) defendersim.Planted {
	return defendersim.Planted{IngestionTime: at, Row: map[string]any{
		"Timestamp": at.Add(-time.Second).UTC().Format(time.RFC3339Nano), "DeviceId": device, "DeviceName": device, "ReportId": int64(id),
		"ActionType": "AnAction", "InitiatingProcessAccountName": "jane.doe", "InitiatingProcessAccountDomain": "CONTOSO",
		"InitiatingProcessAccountSid": "S-1-5-21-1-2-3-1001",
	}}
}

func startPair(t *testing.T, way brokenWay, healthy *defendersim.Server) *pair {
	t.Helper()
	return startPairWith(t, way, healthy, nil)
}

// startPairWith starts a pair with settings over those of two.yaml, in the form of the collector's flag --set.
func startPairWith(t *testing.T, way brokenWay, healthy *defendersim.Server, settings []string) *pair {
	t.Helper()
	s := &stage{t: t, sim: startTenant(t), now: time.Now, directory: t.TempDir()}
	p := &pair{t: t, broken: way, stage: s, otlp: startOTLPHTTPServer(t, 0), health: ports.Free(t), metrics: ports.Free(t)}
	p.seen.metrics = recording{}
	p.variables = []string{
		"E2E_A_ENDPOINT=" + s.sim.URL(), "E2E_A_AUTHORITY=" + s.sim.URL(), "E2E_A_CA_FILE=" + s.sim.CAFile(),
		"E2E_A_SECRET=" + s.sim.ClientSecret, "E2E_A_OTLP=" + p.otlp.endpoint,
		"E2E_B_ENDPOINT=" + healthy.URL(), "E2E_B_CA_FILE=" + healthy.CAFile(),
		"E2E_B_OTLP=" + startOTLPHTTPServer(t, 0).endpoint,
		"E2E_HEALTH_PORT=" + p.health, "E2E_METRICS_PORT=" + p.metrics,
	}
	if way.begin != nil {
		way.begin(p)
	}
	r := run{configs: []string{"two.yaml"}, variables: p.variables}
	if way.gate {
		r.arguments = []string{"--feature-gates=telemetry.newPipelineTelemetry"}
	}
	for _, setting := range settings {
		r.arguments = append(r.arguments, "--set="+setting)
	}
	p.collector = s.start(r)
	return p
}

// set changes a variable of two.yaml.
func (p *pair) set(name, value string) { p.variables = append(p.variables, name+"="+value) }

// refuse lets the destination of the first pipeline refuse calls that hold such a record.
func (p *pair) refuse(httpStatus int, bad func(plog.LogRecord) bool) {
	p.otlp.refuseWith(httpStatus)
	p.otlp.judged(func(logs plog.Logs) error {
		if slices.ContainsFunc(recordsOf(logs), bad) {
			return errors.New("as the test says")
		}
		return nil
	})
}

func isPoison(record plog.LogRecord) bool {
	return strings.Contains(record.Body().AsString(), "poison")
}

// plantPoison puts a row into DeviceEvents that isPoison tells.
func (p *pair) plantPoison() {
	require.NoError(p.t, p.stage.sim.Plant("DeviceEvents", eventRow(time.Now().Add(10*time.Second), 1_000_000, "poison")))
}

// fillDisk leaves no room on the disk of the first receiver's cursors, and lets them grow.
func (p *pair) fillDisk() {
	file, err := os.Create(filepath.Join(p.stage.directory, "a", "ballast"))
	require.NoError(p.t, err)
	block := make([]byte, 4096)
	for {
		if _, err := file.Write(block); err != nil {
			break
		}
	}
	_ = file.Close() // the disk is full, which is what it is for
	var rows []defendersim.Planted
	for id := range 20_000 {
		rows = append(rows, eventRow(time.Now(), 2_000_000+id, "laptop"))
	}
	require.NoError(p.t, p.stage.sim.Plant("DeviceEvents", rows...))
}

// hide puts a proxy before the first receiver's service, which leaves out a row that the service counts.
func (p *pair) hide(device string) {
	require.NoError(p.t, p.stage.sim.Plant("DeviceEvents", eventRow(time.Now().Add(2*time.Second), 1_000_000, device)))
	url, caFile := startHidingProxy(p.t, p.stage.sim, device)
	p.set("E2E_A_ENDPOINT", url)
	p.set("E2E_A_CA_FILE", caFile)
}

// watch looks at the collector once a second, as Prometheus and an alerting probe do.
func (p *pair) watch() {
	page := func() scrape { return scrapeMetrics(p.t, "http://127.0.0.1:"+p.metrics+"/metrics") }
	ready := func() bool { return strings.Contains(p.collector.log(), "Everything is ready") }
	if !assert.Eventually(p.t, ready, wait, tick, "the collector should start") {
		return
	}
	p.seen.first = page()
	p.seen.from = time.Now()
	mended := false
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for now := p.seen.from; now.Sub(p.seen.from) < watched; now = <-ticker.C {
		if p.broken.later != nil && now.Sub(p.seen.from) > 8*time.Second {
			p.broken.later(p)
			p.broken.later = nil
		}
		if !mended && p.broken.ends != nil && now.Sub(p.seen.from) > 16*time.Second {
			p.broken.ends(p)
			mended = true
		}
		p.seen.last = page()
		p.seen.metrics.scraped(now, p.seen.last)
		p.seen.codes = append(p.seen.codes, p.probe())
	}
}

// probe asks the alerting endpoint.
func (p *pair) probe() int {
	response, err := get(p.t, "http://127.0.0.1:"+p.health+"/status?verbose")
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	assert.NoError(p.t, err)
	p.seen.status = healthStatus{}
	assert.NoError(p.t, json.Unmarshal(body, &p.seen.status), "%s", body)
	return response.StatusCode
}

// verify checks what was seen.
func (p *pair) verify(t *testing.T, rules []alertRule) {
	t.Helper()
	fired := p.seen.metrics.firing(t, rules, p.seen.from, p.seen.from.Add(watched), pace)
	maps.DeleteFunc(fired, func(name string, _ time.Time) bool {
		// A directory begins two days back, whatever two.yaml says, which are months in short minutes.
		return strings.HasPrefix(name, "DefenderTableNearRetention")
	})
	assert.ElementsMatch(t, p.broken.alerts, slices.Collect(maps.Keys(fired)), "the alerts")
	p.verifySeries(t)
	p.verifyStatus(t)
	p.verifyLog(t)
}

// verifySeries checks that both receivers have all series from the start, whatever is broken. A histogram begins with
// its first value.
func (p *pair) verifySeries(t *testing.T) {
	t.Helper()
	healthy := p.seen.last.seriesOf("defender/b")
	require.NotEmpty(t, healthy)
	for _, receiver := range []string{"defender/a", "defender/b"} {
		assert.Subset(t, p.seen.first.seriesOf(receiver), healthy, "the series of %s at the start", receiver)
	}
	windows := map[string]bool{}
	for _, metric := range p.seen.last["otelcol_receiver_defender_quota_used"].GetMetric() {
		for _, pair := range metric.GetLabel() {
			windows[pair.GetValue()] = windows[pair.GetValue()] || pair.GetName() == "window"
		}
	}
	maps.DeleteFunc(windows, func(_ string, is bool) bool { return !is })
	assert.Equal(t, map[string]bool{"1m": true, "15m": true, "1h": true, "24h": true}, windows)
	const rows = "otelcol_receiver_defender_rows"
	assert.Positive(t, p.seen.last.sum(rows, "receiver", "defender/b", "outcome", "delivered"))
	assert.Zero(t, p.seen.last.sum(rows, "receiver", "defender/b", "outcome", "refused"))
}

// verifyStatus checks what the alerting endpoint said: trouble that lasts turns it to 500, where it stays.
func (p *pair) verifyStatus(t *testing.T) {
	t.Helper()
	const probes = 20
	codes := p.seen.codes[max(0, len(p.seen.codes)-probes):]
	a, b := p.seen.status.of("a"), p.seen.status.of("b")
	assert.Equal(t, "StatusOK", b.Status, "%s", b.Error)
	if p.broken.status == "" {
		assert.Equal(t, "StatusOK", a.Status, "%s", a.Error)
		assert.Equal(t, slices.Repeat([]int{http.StatusOK}, probes), codes)
		if p.broken.ends != nil {
			assert.Contains(t, p.seen.codes, http.StatusInternalServerError)
		}
		return
	}
	assert.Equal(t, "StatusRecoverableError", a.Status)
	assert.Contains(t, a.Error, p.broken.status)
	assert.Equal(t, slices.Repeat([]int{http.StatusInternalServerError}, probes), codes)
	if first := slices.Index(p.seen.codes, http.StatusInternalServerError); assert.NotEqual(t, -1, first) {
		assert.NotContains(t, p.seen.codes[first:], http.StatusOK, "the answer does not flap: %v", p.seen.codes)
	}
}

// verifyLog checks that the broken receiver tells each cause once, and the healthy one nothing.
func (p *pair) verifyLog(t *testing.T) {
	t.Helper()
	seen := map[string]int{}
	for _, line := range p.logLines(t) {
		if line.Component != "defender/a" && line.Component != "defender/b" || strings.HasPrefix(line.Message, logFirstStart) {
			continue
		}
		assert.Empty(t, line.Stacktrace, "%+v", line)
		if line.Level == "warn" || line.Level == "error" || line.Message == p.broken.mentioned {
			assert.Equal(t, "defender/a", line.Component, "%+v", line)
			seen[p.expected(line.Message)]++
		}
	}
	want := maps.Clone(p.broken.logged)
	if want == nil {
		want = map[string]int{}
	}
	if p.broken.mentioned != "" {
		want[p.broken.mentioned] = 1
	}
	for message, times := range want {
		if times == often && seen[message] > 0 {
			want[message] = seen[message]
		}
	}
	assert.Equal(t, want, seen, "messages of the log")
}

// expected is the expected message that a message begins with, or else the message.
func (p *pair) expected(message string) string {
	for begin := range p.broken.logged {
		if strings.HasPrefix(message, begin) {
			return begin
		}
	}
	return message
}

// seriesOf are the receiver's series but histograms, without what tells it from another.
func (m scrape) seriesOf(receiver string) (found []string) {
	for name, family := range m {
		if !strings.HasPrefix(name, "otelcol_receiver_defender_") || family.GetType() == dto.MetricType_HISTOGRAM {
			continue
		}
		for _, metric := range family.GetMetric() {
			series, of := name, ""
			for _, pair := range metric.GetLabel() {
				switch {
				case pair.GetName() == "receiver":
					of = pair.GetValue()
				case !strings.HasPrefix(pair.GetName(), "otel_scope_"):
					series += " " + pair.GetName() + "=" + pair.GetValue()
				}
			}
			if of == receiver {
				found = append(found, series)
			}
		}
	}
	return found
}

// logLine is a line of the collector's log.
type logLine struct {
	Level      string `json:"level"`
	Message    string `json:"msg"`
	Component  string `json:"otelcol.component.id"`
	Stacktrace string `json:"stacktrace"`
	Error      string `json:"error"`
	Table      string `json:"table"`
}

// logLines are the lines of the collector's log.
func (p *pair) logLines(t *testing.T) (lines []logLine) {
	t.Helper()
	for text := range strings.Lines(p.collector.log()) {
		var line logLine
		require.NoError(t, json.Unmarshal([]byte(text), &line), text)
		lines = append(lines, line)
	}
	return lines
}
