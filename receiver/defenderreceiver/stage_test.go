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
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// epoch is when the time of a stage begins.
var epoch = testbed.Epoch

// wait is how long a test waits for what should happen within milliseconds.
const wait = testbed.Wait

// stage is one of the testbed, and the receivers that ran on it.
type stage struct {
	*testbed.Stage
	t         *testing.T
	receivers []*defenderReceiver
	registry  *health.Registry // of the one that manual has made
}

func newStage(t *testing.T, o defendersim.Options) *stage {
	t.Helper()
	s := &stage{t: t, Stage: testbed.NewStage(t, o)}
	t.Cleanup(s.balanced)
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
	cfg.ClientConfig.Endpoint = s.Sim.URL()
	cfg.ClientConfig.TLS.CAFile = filepath.Clean(s.Sim.CAFile())
	cfg.Credentials.TenantID = defendersim.DefaultTenantID
	cfg.Credentials.ClientID = defendersim.DefaultClientID
	cfg.Credentials.ClientSecret = configopaque.String(defendersim.DefaultClientSecret)
	cfg.Credentials.Authority = s.Sim.URL()
	id := testbed.StorageID
	cfg.StorageID = &id
	cfg.PollInterval = 25 * time.Millisecond
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
	require.NoError(s.t, r.Start(s.t.Context(), s.Host()))
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
	valid.Feeds.SecureScores.PollInterval = max(valid.Feeds.SecureScores.PollInterval, minPollInterval)
	if auth := valid.ClientConfig.Auth; auth.HasValue() && auth.Get().AuthenticatorID == testbed.LatencyID {
		valid.ClientConfig.Auth = configoptional.None[configauth.Config]() // it measures, and is no authentication
	}
	require.NoError(s.t, valid.Validate())
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = s.Metrics.NewTelemetrySettings()
	r, err := newReceiver(set, *cfg, outputs{next: s.Sink})
	require.NoError(s.t, err)
	// The machine's clock goes with the service's, as it does in life.
	began := time.Now()
	r.now = func() time.Time { return s.Clock.Now().Add(time.Since(began)) }
	s.receivers = append(s.receivers, r)
	return r
}

// rows is the sum of otelcol_receiver_defender_rows over all tables, by outcome.
func (s *stage) rows(outcome outcome) int {
	return s.Metrics.Sum("otelcol_receiver_defender_rows", "outcome", string(outcome))
}

// paused reports what the metric says of a table.
func (s *stage) paused(table string) bool { return s.pausedFor(table) != "" }

// pausedFor is the reason why the metric says that a table is paused.
func (s *stage) pausedFor(table string) string {
	for _, point := range s.Metrics.Points("otelcol_receiver_defender_paused") {
		if v, _ := point.Attributes.Value("table"); v.AsString() == table && point.Value == 1 {
			reason, _ := point.Attributes.Value("reason")
			return reason.AsString()
		}
	}
	return ""
}

// delivered waits until exactly n records were accepted, and none twice.
func (s *stage) delivered(n int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.Sink.Count() >= n }, wait, time.Millisecond,
		"%d records should come", n)
	require.Eventually(s.t, func() bool { return s.rows(delivered) >= n }, wait, time.Millisecond,
		"%d rows should be counted, which happens when the call has returned", n)
	s.Exactly(n)
}
