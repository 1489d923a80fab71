package defenderreceiver

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	attr "go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersimtest"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/storagetest"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// epoch is when the time of tests begins.
var epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// wait is how long a test waits for what should happen within milliseconds.
const wait = time.Minute

// stage is an emulator with a clock of its own, and all that outlives a receiver: its storage and what
// the pipeline has accepted.
type stage struct {
	t       *testing.T
	sim     *defendersim.Server
	clock   *defendersim.Clock
	storage *storagetest.Memory
	sink    *sink
	status  *statusLog
	// receivers are those that ran on the stage.
	receivers []*defenderReceiver
	registry  *health.Registry // of the one that manual has made
	metrics   *componenttest.Telemetry
}

func newStage(t *testing.T, o defendersim.Options) *stage {
	t.Helper()
	clock := defendersim.NewClock(epoch)
	o.Now = clock.Now
	if o.Limits == nil {
		limits := defendersim.DefaultLimits()
		limits.CallsPerMinute, limits.CallsPerHour, limits.CPUPerQuarterHour = 0, 0, 0
		o.Limits = &limits
	}
	s := &stage{t: t, clock: clock, sim: defendersimtest.StartT(t, o), storage: storagetest.New(), sink: newSink(), status: &statusLog{}}
	s.metrics = componenttest.NewTelemetry()
	t.Cleanup(func() {
		s.balanced()
		require.NoError(t, s.metrics.Shutdown(context.Background()))
	})
	return s
}

// balanced asserts, once all receivers have ended, that every row that they read was delivered, had been
// delivered before, or was refused.
func (s *stage) balanced() {
	s.t.Helper()
	read := 0
	for _, r := range s.receivers {
		for _, l := range r.lanes {
			read += l.health.View().Rows.Read
		}
	}
	assert.Equal(s.t, read, s.rows(delivered)+s.rows(duplicate)+s.rows(refused), "rows that were read")
}

// readers are the live lanes and the directories that are read by queries.
func (r *defenderReceiver) readers() []*lane {
	return slices.DeleteFunc(slices.Clone(r.lanes), func(l *lane) bool { return l.reader == nil || l.history })
}

// backfills are the lanes of history.
func (r *defenderReceiver) backfills() []*lane {
	return slices.DeleteFunc(slices.Clone(r.lanes), func(l *lane) bool { return !l.history })
}

// poll polls a lane by hand.
func (l *lane) poll(ctx context.Context) error {
	_, err := l.source.Poll(ctx)
	return err
}

// probe asks the service for its time.
func (l *lane) probe(ctx context.Context) error {
	_, _, err := l.reader.Probe(ctx)
	return err
}

func (l *lane) ledger() *ledger.Ledger { return l.reader.Track.Ledger() }

func text(body pcommon.Map, column string) string { return query.Text(body, column) }

func parseTime(s string) (time.Time, bool) { return query.Time(s) }

// settle is longer than the standing clock of a stage can seem to run on: Date has whole seconds.
const settle = 2 * time.Second

// config polls the named tables all the time.
func (s *stage) config(names ...string) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.ClientConfig.Endpoint = s.sim.URL()
	cfg.ClientConfig.TLS.CAFile = filepath.Clean(s.sim.CAFile())
	cfg.Credentials.TenantID = defendersim.DefaultTenantID
	cfg.Credentials.ClientID = defendersim.DefaultClientID
	cfg.Credentials.ClientSecret = configopaque.String(defendersim.DefaultClientSecret)
	cfg.Credentials.Authority = s.sim.URL()
	id := storageID
	cfg.StorageID = &id
	cfg.PollInterval = 5 * time.Millisecond
	cfg.Settle = settle
	cfg.CheckpointDelay = 0
	cfg.RetryOnFailure.InitialInterval = time.Millisecond
	cfg.RetryOnFailure.MaxInterval = 5 * time.Millisecond
	cfg.PauseAfterFailures = 0
	cfg.HumanAccountsOnly = false
	cfg.Quota.RequestsPerMinute, cfg.Quota.RequestsPerHour = 1_000_000, 1_000_000
	cfg.Quota.CPUPerHour, cfg.Quota.CPUPerDay = 1000*time.Hour, 1000*time.Hour
	for name, table := range cfg.Tables {
		table.Enabled = false
		table.PollInterval = 0
		cfg.Tables[name] = table
	}
	for _, name := range names {
		table := cfg.Tables[name]
		table.Enabled = true
		cfg.Tables[name] = table
	}
	return cfg
}

// start runs a receiver until the test or the returned function ends it.
func (s *stage) start(cfg *Config) (stop func()) {
	s.t.Helper()
	r := s.create(cfg)
	require.NoError(s.t, r.Start(s.t.Context(), s.host()))
	stop = sync.OnceFunc(func() { assert.NoError(s.t, r.Shutdown(context.Background())) })
	s.t.Cleanup(stop)
	return stop
}

func (s *stage) create(cfg *Config) *defenderReceiver {
	s.t.Helper()
	valid := *cfg
	valid.PollInterval = max(cfg.PollInterval, minPollInterval) // tests poll more often than users may
	for _, feed := range declaredFeeds() {
		own := feed.settings(&valid.Feeds)
		own.PollInterval = max(own.PollInterval, minPollInterval)
	}
	if auth := valid.ClientConfig.Auth; auth.HasValue() && auth.Get().AuthenticatorID == latencyID {
		valid.ClientConfig.Auth = configoptional.None[configauth.Config]() // it measures, and is no authentication
	}
	require.NoError(s.t, valid.Validate())
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = s.metrics.NewTelemetrySettings()
	r, err := newReceiver(set, *cfg, s.sink)
	require.NoError(s.t, err)
	// The machine's clock goes with the service's, as it does in life.
	began := time.Now()
	r.now = func() time.Time { return s.clock.Now().Add(time.Since(began)) }
	s.receivers = append(s.receivers, r)
	return r
}

func (s *stage) host() component.Host {
	return storageHost{componenttest.NewNopHost(), s.storage, s.status}
}

// rows is the sum of otelcol_receiver_defender_rows over all tables, by outcome.
func (s *stage) rows(outcome outcome) int {
	return s.sum("otelcol_receiver_defender_rows", "outcome", string(outcome))
}

// sum is that of a counter's points that have a value of an attribute.
func (s *stage) sum(name, attribute, value string) int {
	m, err := s.metrics.GetMetric(name)
	if err != nil {
		return 0
	}
	sum := 0
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		if v, _ := point.Attributes.Value(attr.Key(attribute)); v.AsString() == value {
			sum += int(point.Value)
		}
	}
	return sum
}

// paused reports what the metric says of a table.
func (s *stage) paused(table string) bool { return s.pausedFor(table) != "" }

// pausedFor is the reason why the metric says that a table is paused.
func (s *stage) pausedFor(table string) string {
	m, err := s.metrics.GetMetric("otelcol_receiver_defender_paused")
	if err != nil {
		return ""
	}
	for _, point := range m.Data.(metricdata.Gauge[int64]).DataPoints {
		if v, _ := point.Attributes.Value("table"); v.AsString() == table && point.Value == 1 {
			reason, _ := point.Attributes.Value("reason")
			return reason.AsString()
		}
	}
	return ""
}

// plant puts rows of DeviceLogonEvents into the service, numbered from first, arriving at the time given.
func (s *stage) plant(first, n int, arrived time.Time) {
	s.t.Helper()
	rows := make([]defendersim.Planted, n)
	for i := range rows {
		rows[i] = defendersim.Planted{Row: logonRow(first + i), IngestionTime: arrived}
	}
	require.NoError(s.t, s.sim.Plant("DeviceLogonEvents", rows...))
}

// logonRow is the row that number tells apart from others.
func logonRow(number int) map[string]any {
	return map[string]any{
		"Timestamp": epoch.Add(-time.Hour).Add(time.Duration(number) * paging.Tick).Format(time.RFC3339Nano),
		"DeviceId":  "d1", "ReportId": int64(number), "ActionType": "LogonSuccess", "AccountName": "jane.doe",
	}
}

// delivered waits until exactly n records were accepted, and none twice.
func (s *stage) delivered(n int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.sink.count() >= n }, wait, time.Millisecond,
		"%d records should come", n)
	require.Eventually(s.t, func() bool { return s.rows(delivered) >= n }, wait, time.Millisecond,
		"%d rows should be counted, which happens when the call has returned", n)
	s.exactly(n)
}

func (s *stage) exactly(n int) {
	s.t.Helper()
	uids := map[string]int{}
	for _, r := range s.sink.records() {
		uids[r.uid]++
	}
	for uid, times := range uids {
		assert.Equal(s.t, 1, times, "%s was delivered %d times", uid, times)
	}
	require.Equal(s.t, n, s.sink.count())
}

// polls waits until n more queries of the table were answered.
func (s *stage) polls(table string, n int64) {
	s.t.Helper()
	queries := func() int64 {
		for _, report := range s.sim.Report().Tables {
			if report.Table == table {
				return report.Queries
			}
		}
		return 0
	}
	before := queries()
	require.Eventually(s.t, func() bool { return queries() >= before+n }, wait, time.Millisecond)
}

// record is an accepted log record, apart from the batch that it came in.
type record struct {
	uid, table string
	log        plog.LogRecord
}

// key is the emulator's key of a device event.
func (r record) key() string {
	body := r.log.Body().Map()
	at, _ := parseTime(text(body, tables.TimestampColumn))
	report, _ := body.Get("ReportId")
	return defendersim.RowKey(text(body, "DeviceId"), at, report.Int(), text(body, "ActionType"))
}

func (r record) body() map[string]any { return r.log.Body().Map().AsRaw() }

// sink is a pipeline that accepts, unless it is told otherwise.
type sink struct {
	mu       sync.Mutex // guards everything below
	accepted []record
	refuse   func(plog.Logs) error
}

func newSink() *sink { return &sink{} }

var _ consumer.Logs = (*sink)(nil)

func (*sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (s *sink) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	s.mu.Lock()
	refuse := s.refuse
	s.mu.Unlock()
	if refuse != nil {
		if err := refuse(logs); err != nil {
			// A pipeline may have changed what it then refuses.
			logs.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true })
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, log := range scope.LogRecords().All() {
				s.accepted = append(s.accepted, record{attributeOf(log, logrecord.AttributeUID), attributeOf(log, logrecord.AttributeTable), log})
			}
		}
	}
	return nil
}

func (s *sink) setRefuse(refuse func(plog.Logs) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

func (s *sink) count() int { return len(s.records()) }

func (s *sink) records() []record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

func attributeOf(log plog.LogRecord, name string) string {
	v, ok := log.Attributes().Get(name)
	if !ok {
		return ""
	}
	return v.Str()
}
