package defenderreceiver

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
)

// fakeTime is a stage whose receivers run in synthetic time.
type fakeTime struct {
	*stage
	*testbed.FakeTime
	t *testing.T
}

// inFakeTime runs a test in synthetic time, which begins at epoch.
func (s *stage) inFakeTime(latency time.Duration, run func(b *fakeTime)) {
	s.t.Helper()
	s.InFakeTime(s.t, latency, func(t *testing.T, f *testbed.FakeTime) {
		t.Helper()
		run(&fakeTime{stage: s, FakeTime: f, t: t})
	})
}

// config is that of a user who has set nothing, but for what reaches the emulator.
func (b *fakeTime) config(names ...string) *Config {
	cfg := b.stage.config(names...)
	defaults := createDefaultConfig().(*Config)
	cfg.PollInterval, cfg.Settle, cfg.CheckpointDelay = defaults.PollInterval, defaults.Settle, defaults.CheckpointDelay
	cfg.RetryOnFailure, cfg.PauseAfterFailures, cfg.Quota = defaults.RetryOnFailure, defaults.PauseAfterFailures, defaults.Quota
	for name, table := range cfg.Tables {
		table.PollInterval = defaults.Tables[name].PollInterval
		cfg.Tables[name] = table
	}
	// An idle connection would keep the synthetic time from passing.
	cfg.ClientConfig.DisableKeepAlives = true
	cfg.ClientConfig.TLS.InsecureSkipVerify = true
	cfg.ClientConfig.Auth = configoptional.Some(configauth.Config{AuthenticatorID: testbed.LatencyID})
	return cfg
}

// hourly is a config of tables that are polled once an hour, for tests of days in which polls are not the point.
func (b *fakeTime) hourly(names ...string) *Config {
	cfg := b.config(names...)
	for _, name := range names {
		table := cfg.Tables[name]
		table.PollInterval = time.Hour
		cfg.Tables[name] = table
	}
	return cfg
}

// start runs a receiver until the returned function ends it.
func (b *fakeTime) start(cfg *Config) (r *defenderReceiver, stop func()) {
	b.t.Helper()
	r = b.create(cfg)
	r.now = b.Now
	require.NoError(b.t, r.Start(b.t.Context(), b.Host()))
	return r, func() { assert.NoError(b.t, r.Shutdown(context.Background())) }
}

// analyst is another client of the tenant, whose calls are not the receiver's.
func (b *fakeTime) analyst() *hunting.Client {
	b.t.Helper()
	other := b.stage.FakeTime(b.Latency)
	other.Scale = b.Scale
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), *b.config(logons), outputs{next: b.Sink})
	require.NoError(b.t, err)
	r.now = b.Now
	conn, err := r.connect(b.t.Context(), other.Host())
	require.NoError(b.t, err)
	return conn.api
}

var ofRange = regexp.MustCompile(`>= datetime\(([^)]+)\) and \w+ < datetime\(([^)]+)\)`)

// reads reports whether a query reads rows of an instant.
func reads(kql string, at time.Time) bool {
	read := ofRange.FindStringSubmatch(kql)
	if !strings.Contains(kql, ofRead) || read == nil {
		return false
	}
	from, err := time.Parse(time.RFC3339Nano, read[1])
	until, err2 := time.Parse(time.RFC3339Nano, read[2])
	return err == nil && err2 == nil && !at.Before(from) && at.Before(until)
}
