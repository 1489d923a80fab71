package defenderreceiver

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// both hands a batch to a stage's sink and to its lags.
type both struct {
	sink *collector.Sink
	lags *lags
}

var _ consumer.Logs = both{}

func (both) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (b both) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if err := b.lags.ConsumeLogs(ctx, logs); err != nil {
		return err
	}
	return b.sink.ConsumeLogs(ctx, logs)
}

// Four weeks of history are read beside live rows, within the quota, over three restarts, while for most of
// a day a fifth of the calls gets a 429. Every row comes once, in its lane, and live rows are in time.
func TestWeeksOfHistory(t *testing.T) {
	if raceEnabled {
		t.Skip("it takes minutes under the race detector; make test runs it without it")
	}
	t.Parallel()
	tenant := company(1500)
	tenant.History = 30 * 24 * time.Hour
	limits := defendersim.DefaultLimits()
	s := newStage(t, defendersim.Options{Tenant: tenant, Limits: &limits, Quirks: defendersim.DefaultQuirks()})
	s.inFakeTime(2*time.Second, func(b *fakeTime) {
		cfg := b.config(eventTables...)
		cfg.PollInterval, cfg.Backfill.Window = 15*time.Minute, 28*24*time.Hour
		cfg.Page.MaxRows = 30 // so that there is a day's work
		for name, table := range cfg.Tables {
			table.PollInterval = 0
			cfg.Tables[name] = table
		}
		m := measured{fakeTime: b, lags: &lags{byTable: map[string][]time.Duration{}}, cfg: cfg}
		start := func() (*defenderReceiver, func()) {
			r := b.create(cfg)
			r.now, r.next = b.Now, both{b.Sink, m.lags}
			require.NoError(b.t, r.Start(b.t.Context(), b.Host()))
			return r, func() { assert.NoError(b.t, r.Shutdown(context.Background())) }
		}
		reading := func(r *defenderReceiver) bool {
			return slices.ContainsFunc(r.backfills(), func(l *lane) bool { return !l.health.View().History.Done })
		}
		r, stop := start()
		hours := 0
		for ; reading(r) && hours < 96; hours++ {
			time.Sleep(time.Hour)
			switch hours {
			case 1: // what the first polls find is days long
				m.lags.forget()
			case 7:
				assert.True(b.t, slices.ContainsFunc(r.backfills(), func(l *lane) bool {
					view := l.health.View()
					return view.History.Ratio(view.CompleteUntil) < 1
				}), "history is being read")
				assert.LessOrEqual(b.t, m.lags.quantile(0.99, logons), cfg.PollInterval+cfg.Settle, "priority 1 beside history")
				assert.LessOrEqual(b.t, m.lags.quantile(0.99, eventTables...), cfg.PollInterval+cfg.Settle, "all beside history")
				for _, name := range eventTables {
					b.t.Logf("%s: p99 of the lag beside history %s", name, m.lags.quantile(0.99, name).Round(time.Second))
				}
				assert.Zero(b.t, b.Sim.Report().Throttled)
				b.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultTooManyRequests, Rate: 0.2})
			case 9, 15, 21:
				stop()
				r, stop = start()
			}
		}
		assert.False(b.t, reading(r), "history is read")
		time.Sleep(time.Hour)
		stop()
		m.withinShare()
		rows := 0
		for _, name := range eventTables {
			came := map[string]string{}
			for _, record := range b.Sink.Records() {
				if record.Table == name {
					key := testbed.Key(record)
					if _, twice := came[key]; twice { // assert.NotContains compares it with each key
						assert.Fail(b.t, "twice", key)
					}
					came[key] = collector.Attribute(record.Log, logrecord.AttributeLane)
				}
			}
			for key, row := range b.lanes(name, ModeIngestionTime, b.cursor(name).LiveStart.At, time.Now().Add(-time.Hour), cfg.Backfill.Window) {
				lane, ok := came[key]
				if assert.True(b.t, ok, "%s of %s is missing from lane %q", key, name, row.lane) {
					assert.Equal(b.t, row.lane, lane, key)
				}
				rows++
			}
		}
		b.t.Logf("%d rows in %d h and %d queries, p99 of the lag of logons %s", rows, hours, len(b.Sent()), m.lags.quantile(0.99, logons).Round(time.Second))
	})
}
