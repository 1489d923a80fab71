package defenderreceiver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// stormRun is what a run of some hours has shown.
type stormRun struct {
	lag       time.Duration // of the tables, on average
	context   []time.Time   // queries for the rows around alerts
	summaries int
	rows      int
}

// inStorm reads tables for some hours, and so many alerts that come at once.
func inStorm(t *testing.T, n int, alerts bool) stormRun {
	t.Helper()
	s := newStage(t, defendersim.Options{})
	for i := range n {
		created := pivotStart.Add(time.Duration(i) * time.Millisecond * 20)
		s.putPivot(fmt.Sprintf("da%d", i), 1000+4*(i%200), created)
		if i%100 == 0 {
			s.plantFile(i, 1000+4*(i%200), created, epoch)
		}
	}
	var run stormRun
	s.inFakeTime(200*time.Millisecond, func(b *fakeTime) {
		cfg := b.config(logons, "DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents")
		cfg.InitialLookback = time.Hour
		feed := &cfg.Feeds.AlertsV2
		feed.PollInterval, feed.Audit.Interval = 12*time.Hour, 0 // to read the alerts once
		feed.Enabled, cfg.AlertContext.Enabled = alerts, alerts
		b.TooLarge(func(kql string) bool { // it sees all queries
			if strings.Contains(kql, "and DeviceId in (") {
				run.context = append(run.context, time.Now())
			}
			return false
		})
		r, stop := b.start(cfg)
		samples := 0
		for range 3 * 60 * 2 {
			time.Sleep(30 * time.Second)
			for _, l := range r.readers() {
				run.lag += l.now().Sub(l.health.View().CompleteUntil)
				samples++
			}
		}
		run.lag /= time.Duration(samples)
		stop()
	})
	run.summaries, run.rows = len(s.events(logrecord.EventAlertContextSummary)), len(s.events(logrecord.EventAlertContext))
	return run
}

// In a storm of alerts the tables are read as if there was none. What is asked for the alerts stays within its share, and is
// done at last.
func TestAStormOfAlertsLeavesTheTablesAlone(t *testing.T) {
	n := 2_000
	if raceEnabled {
		n = 300 // the race detector makes each many times as slow
	}
	calm, storm := inStorm(t, n, false), inStorm(t, n, true)
	t.Log("lag", calm.lag, storm.lag, "queries", len(storm.context), "rows", storm.rows)
	assert.InDelta(t, calm.lag.Seconds(), storm.lag.Seconds(), 0.1*calm.lag.Seconds())
	assert.Empty(t, calm.context)
	require.NotEmpty(t, storm.context)
	for i, at := range storm.context {
		minute, hour := 0, 0
		for _, other := range storm.context[i:] {
			if other.Sub(at) < time.Minute {
				minute++
			}
			if other.Sub(at) < time.Hour {
				hour++
			}
		}
		require.LessOrEqual(t, minute, 4)
		require.LessOrEqual(t, hour, 150)
	}
	assert.Equal(t, n, storm.summaries)
	assert.Equal(t, n/100, storm.rows)
}
