package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	api "github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/control/turns"
	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
)

const (
	// verifiedRows are a person's rows, and nobodysRows a machine's.
	verifiedRows = 1000
	nobodysRows  = 50

	kafkaPassword = "k4fka-pa55"
)

// delivered is a tenant whose rows a collector has delivered to a file and a topic.
type delivered struct {
	t       *testing.T
	sim     *defendersim.Server
	config  string // the collector's
	file    string
	brokers string
	from    time.Time // of the period in which all rows happened, which has an hour
}

func (d *delivered) to() time.Time { return d.from.Add(time.Hour) }

// deliver runs a collector until all rows were delivered.
func deliver(t *testing.T) *delivered {
	t.Helper()
	limits := defendersim.DefaultLimits()
	limits.CallsPerMinute, limits.CallsPerHour, limits.CPUPerQuarterHour = 0, 0, 0
	d := &delivered{
		t: t, sim: testbed.StartEmulator(t, defendersim.Options{Limits: &limits}),
		from: time.Now().UTC().Add(-3 * time.Hour).Truncate(time.Hour),
	}
	d.plant()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "total-events", "spoiled"),
		kfake.EnableSASL(), kfake.Superuser("PLAIN", "jane", kafkaPassword))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	d.brokers = strings.Join(cluster.ListenAddrs(), ",")
	directory := t.TempDir()
	d.file = filepath.Join(directory, "total-events.ndjson")
	d.config = filepath.Join(directory, "config.yaml")
	require.NoError(t, os.WriteFile(d.config, []byte(d.configuration(directory)), 0o600))
	d.collect()
	return d
}

// plant puts rows into the service that happened within the period and arrived two hours ago.
func (d *delivered) plant() {
	d.t.Helper()
	var rows []defendersim.Planted
	for n := range verifiedRows + nobodysRows {
		name := fmt.Sprint("person", n%7)
		if n >= verifiedRows {
			name = "system"
		}
		rows = append(rows, defendersim.Planted{IngestionTime: time.Now().Add(-2 * time.Hour), Row: map[string]any{
			"Timestamp": d.from.Add(time.Duration(n) * time.Second).Format(time.RFC3339Nano), "DeviceId": "d1", "ReportId": int64(n),
			"ActionType": "LogonSuccess", "AccountName": name, "AccountDomain": "acme", "LogonType": "Interactive",
		}})
	}
	// One that is not of the period, and arrived later: when it was delivered, all others are due.
	rows = append(rows, defendersim.Planted{IngestionTime: time.Now().Add(-time.Hour), Row: map[string]any{
		"Timestamp": d.to().Format(time.RFC3339), "DeviceId": "d1", "ReportId": int64(1_000_000), "ActionType": "LogonSuccess",
		"AccountName": "person0", "AccountDomain": "acme",
	}})
	require.NoError(d.t, d.sim.Plant("DeviceLogonEvents", rows...))
}

func (d *delivered) configuration(directory string) string {
	return fmt.Sprintf(`
extensions:
  file_storage: {directory: %[1]q}
  ndjson_encoding: {}
receivers:
  defender:
    endpoint: %[2]s
    tls: {ca_file: %[3]q}
    credentials: {tenant_id: %[4]s, client_id: %[5]s, client_secret: %[6]q, authority: %[2]s}
    storage: file_storage
    dead_letter: {directory: %[1]q}
    initial_lookback: 3h
    poll_interval: 100ms
    settle: 2s
    human_accounts_only: false
    quota: {requests_per_minute: 100000, requests_per_hour: 1000000, cpu_per_hour: 1000h, cpu_per_day: 10000h}
    tables:
      DeviceProcessEvents: {enabled: false}
      DeviceNetworkEvents: {enabled: false}
      DeviceFileEvents: {enabled: false}
      DeviceEvents: {enabled: false}
      DeviceRegistryEvents: {enabled: false}
      Alerts: {enabled: false}
      DeviceLogonEvents: {poll_interval: 100ms}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 4000}
  total_normalize: {domain_id: d1}
exporters:
  file: {path: %[7]q, encoding: ndjson_encoding, rotation: {max_megabytes: 100, max_backups: 0}}
  kafka:
    brokers: [%[8]q]
    auth: {sasl: {mechanism: PLAIN, username: jane, password: k4fka-pa55}}
    logs: {topic: total-events, encoding: raw}
    sending_queue: {enabled: false}
service:
  extensions: [file_storage, ndjson_encoding]
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [defender], processors: [memory_limiter, total_normalize], exporters: [file, kafka]}
`, directory, d.sim.URL(), d.sim.CAFile(), defendersim.DefaultTenantID, defendersim.DefaultClientID, defendersim.DefaultClientSecret, d.file, d.brokers)
}

// collect runs the collector until the file has all events.
func (d *delivered) collect() {
	d.t.Helper()
	stop := d.start()
	require.Eventually(d.t, func() bool { return len(d.lines()) > verifiedRows }, time.Minute, 20*time.Millisecond)
	stop()
	require.Len(d.t, d.lines(), verifiedRows+1)
}

// start starts the collector, and returns when it runs.
func (d *delivered) start() (stop func()) {
	d.t.Helper()
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		Factories: distribution.Components, DisableGracefulShutdown: true,
		LoggingOptions: []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core { return zapcore.NewNopCore() })},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs: []string{d.config}, ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()}, DefaultScheme: "file",
		}},
	})
	require.NoError(d.t, err)
	ended := make(chan error, 1)
	go func() { ended <- collector.Run(context.Background()) }()
	stop = sync.OnceFunc(func() {
		collector.Shutdown()
		assert.NoError(d.t, <-ended)
	})
	d.t.Cleanup(stop)
	require.Eventually(d.t, func() bool { return collector.GetState() == otelcol.StateRunning }, time.Minute, 5*time.Millisecond)
	return stop
}

func (d *delivered) lines() []string {
	text, err := os.ReadFile(d.file)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// verify runs the command over the period.
func (d *delivered) verify(args ...string) (output string, status int, err error) {
	d.t.Helper()
	var out bytes.Buffer
	cmd := newCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append([]string{
		"verify", "--quiet", "--config", d.config, "--from", d.from.Format(time.RFC3339), "--to", d.to().Format(time.RFC3339),
	}, args...))
	err = cmd.ExecuteContext(d.t.Context())
	for _, secret := range []string{defendersim.DefaultClientSecret, kafkaPassword} {
		assert.NotContains(d.t, out.String()+fmt.Sprint(err), secret)
	}
	return out.String(), exitStatus(err), err
}

// spoil removes 7 lines, doubles 5 and alters 3; it returns the ids of each.
func spoil(t *testing.T, lines []string) (spoiled, removed, doubled, altered []string) {
	t.Helper()
	for n, line := range lines {
		switch n % 130 {
		case 7:
			if len(removed) < 7 {
				removed = append(removed, idOf(t, line))
				continue
			}
		case 8:
			if len(doubled) < 5 {
				doubled = append(doubled, idOf(t, line))
				spoiled = append(spoiled, line)
			}
		case 9:
			if len(altered) < 3 {
				altered = append(altered, idOf(t, line))
				line = strings.Replace(line, "LogonSuccess", "LogonFailed", 1)
			}
		}
		spoiled = append(spoiled, line)
	}
	return spoiled, removed, doubled, altered
}

func idOf(t *testing.T, line string) string {
	t.Helper()
	var event struct {
		ID string `json:"event_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(line), &event))
	return event.ID
}

// verified is the output as JSON, as far as it is tested.
type verified struct {
	Verdict                               string
	Total                                 map[string]int
	Absent, Altered, Repeated, Unexpected named
}

type named struct {
	Events []struct {
		ID string `json:"event_id"`
	}
}

func (n named) ids() []string {
	all := []string{}
	for _, e := range n.Events {
		all = append(all, e.ID)
	}
	slices.Sort(all)
	return all
}

func (d *delivered) assertNamed(against string, removed, doubled, altered []string) {
	d.t.Helper()
	output, status, _ := d.verify("--against", against, "--output", "json")
	assert.Equal(d.t, exitFound, status, output)
	var got verified
	require.NoError(d.t, json.Unmarshal([]byte(output), &got), output)
	assert.Equal(d.t, "deviating", got.Verdict)
	for _, list := range [][]string{removed, doubled, altered} {
		slices.Sort(list)
	}
	assert.Equal(d.t, removed, got.Absent.ids())
	assert.Equal(d.t, doubled, got.Repeated.ids())
	assert.Equal(d.t, altered, got.Altered.ids())
	assert.Empty(d.t, got.Unexpected.Events)
	assert.Equal(d.t, verifiedRows+nobodysRows, got.Total["rows"])
	assert.Equal(d.t, nobodysRows, got.Total["dropped"])
	assert.Equal(d.t, verifiedRows-7, got.Total["present"])
}

func TestVerify(t *testing.T) {
	d := deliver(t)
	t.Run("refuses", func(t *testing.T) { d.on(t).refuses(t) })
	t.Run("beside a collector", func(t *testing.T) { d.on(t).besideACollector(t) })
	t.Run("names what is spoiled", func(t *testing.T) { d.on(t).spoiled(t) })
}

// on is d in a subtest.
func (d *delivered) on(t *testing.T) *delivered {
	t.Helper()
	other := *d
	other.t = t
	return &other
}

// spoiled: what a collector has delivered is complete, and exactly what is spoiled afterwards is named.
func (d *delivered) spoiled(t *testing.T) {
	t.Helper()
	for _, against := range []string{"file:" + d.file, "kafka:" + d.brokers + "/total-events"} {
		output, status, _ := d.verify("--against", against)
		assert.Zero(t, status, output)
		assert.True(t, strings.HasSuffix(output, fmt.Sprintf("\nall events are present and unaltered: %d; repeated: 0; unexpected: 0; not due: 0\n", verifiedRows)), output)
	}

	spoiled, removed, doubled, altered := spoil(t, d.lines())
	client, err := kgo.NewClient(producer(d.brokers)...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	for _, line := range spoiled {
		client.Produce(t.Context(), &kgo.Record{Topic: "spoiled", Value: []byte(line)}, nil)
	}
	require.NoError(t, client.Flush(t.Context()))
	d.assertNamed("kafka:"+d.brokers+"/spoiled", removed, doubled, altered)

	// As rotation leaves files: the older half is compressed.
	half := len(spoiled) / 2
	writeCompressed(t, strings.TrimSuffix(d.file, ".ndjson")+"-2026-03-15T08-45-12.000.ndjson.gz", spoiled[:half])
	require.NoError(t, os.WriteFile(d.file, []byte(strings.Join(spoiled[half:], "\n")+"\n"), 0o600))
	d.assertNamed("file:"+d.file, removed, doubled, altered)
	output, status, _ := d.verify("--against", "file:"+d.file)
	assert.Equal(t, exitFound, status)
	t.Log("\n" + output)
	assert.True(t, strings.HasSuffix(output, "\nevents are absent or altered: absent: 7; altered: 3; repeated: 5; unexpected: 0; not due: 0\n"), output)
}

// producer are the options of a client that writes.
func producer(brokers string) []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(brokers), kgo.SASL(plain.Auth{User: "jane", Pass: kafkaPassword}.AsMechanism())}
}

func writeCompressed(t *testing.T, path string, lines []string) {
	t.Helper()
	file, err := os.Create(path)
	require.NoError(t, err)
	w := gzip.NewWriter(file)
	_, err = w.Write([]byte(strings.Join(lines, "\n") + "\n"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, file.Close())
}

// refuses: nothing is spent where the account of the quota cannot be had, and nothing is compared that is not clear.
func (d *delivered) refuses(t *testing.T) {
	t.Helper()
	spent := d.sim.Report().Count("/v1.0/security/runHuntingQuery", "")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"another format":  {[]string{"--output", "xml"}, "--output must be text or json"},
		"no period":       {[]string{"--from", "yesterday"}, `--from must be a time in RFC 3339`},
		"backwards":       {[]string{"--to", d.from.Format(time.RFC3339)}, "--from must be before --to"},
		"the future":      {[]string{"--to", time.Now().Add(time.Hour).Format(time.RFC3339)}, "--to is in the future"},
		"no destination":  {[]string{"--against", "s3://x"}, "--against must be file:GLOB or kafka:"},
		"no topic":        {[]string{"--against", "kafka:localhost:9092/"}, "--against must be file:GLOB or kafka:"},
		"no files":        {[]string{"--against", "file:" + d.file + ".nothing"}, "no file matches"},
		"no such table":   {[]string{"--table", "EmailEvents"}, `the receiver does not read events of a table "EmailEvents"`},
		"no such route":   {[]string{"--receiver", "defender/b"}, "no logs pipeline leads from"},
		"not accepted":    {[]string{"--set", "receivers.defender.poll_interval=1ms"}, "the collector would refuse its settings"},
		"no directory":    {[]string{"--set", "extensions.file_storage.directory=" + d.file + ".d"}, "its directory is not there"},
		"another storage": {[]string{"--set", "extensions.file_storage.directory=" + t.TempDir()}, "holds no cursor"},
	} {
		args := append([]string{"--against", "file:" + d.file}, test.args...)
		output, status, err := d.verify(args...)
		assert.Equal(t, exitFailed, status, "%s: %s", name, output)
		assert.ErrorContains(t, err, test.says, name)
	}
	assert.Equal(t, spent, d.sim.Report().Count("/v1.0/security/runHuntingQuery", ""), "nothing was asked for")

	stop := d.start()
	defer stop()
	_, status, err := d.verify("--against", "file:"+d.file)
	assert.Equal(t, exitFailed, status)
	assert.ErrorContains(t, err, "A running collector holds the storage")
}

// lender lends turns without end.
type lender struct{ lent, returned atomic.Int64 }

func (l *lender) Lend(context.Context, time.Duration) (api.Loan, error) {
	l.lent.Add(1)
	return l, nil
}

func (l *lender) Return(time.Duration) { l.returned.Add(1) }

// besideACollector: beside a running collector each query has a turn of the receiver's.
func (d *delivered) besideACollector(t *testing.T) {
	t.Helper()
	stop := d.start()
	defer stop()
	desk, turnsOf, until := turns.NewDesk(nil), &lender{}, time.Now()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/status", func(w http.ResponseWriter, _ *http.Request) {
		assert.NoError(t, json.NewEncoder(w).Encode(api.Status{Receivers: []api.ReceiverStatus{{
			ID: "defender", Tables: []api.Table{{Name: "DeviceLogonEvents", CompleteUntil: &until}},
		}}}))
	})
	mux.HandleFunc("POST /api/v1/receivers/{id}/turns", func(w http.ResponseWriter, r *http.Request) { desk.Take(w, r, turnsOf) })
	mux.HandleFunc("POST /api/v1/turns/{turn}", desk.Return)
	server := httptest.NewServer(mux)
	defer server.Close()

	output, status, err := d.verify("--against", "file:"+d.file, "--control", server.URL)
	require.NoError(t, err)
	assert.Zero(t, status, output)
	assert.GreaterOrEqual(t, turnsOf.lent.Load(), int64(4), "two directories, a probe and a page")
	assert.Equal(t, turnsOf.lent.Load(), turnsOf.returned.Load())

	_, status, err = d.verify("--against", "file:"+d.file, "--control", server.URL+"/nothing")
	assert.Equal(t, exitFailed, status)
	assert.ErrorContains(t, err, "answers 404")
}
