package defenderreceiver

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// waterline checks, in the order in which the pipeline took them, that each watermark comes after the rows before it, and
// returns the watermarks.
func waterline(t *testing.T, b *fakeTime) []time.Time {
	t.Helper()
	var marks []time.Time
	taken := map[string]bool{}
	for _, r := range b.Sink.Records() {
		if !logrecord.IsWatermark(r.Log) {
			taken[testbed.Key(r)] = true
			continue
		}
		body := r.Log.Body().Map()
		assert.Equal(t, logons, text(body, "table"))
		until, ok := parseTime(text(body, "complete_until"))
		require.True(t, ok)
		assert.Equal(t, "ingestion_time", text(body, "time_basis"))
		for _, key := range b.truthOf(logons, epoch.Add(-time.Hour), until.Add(-paging.Tick)) {
			assert.True(t, taken[key], "a row before %s comes after it", until)
		}
		marks = append(marks, until)
	}
	for i := 1; i < len(marks); i++ {
		assert.True(t, marks[i].After(marks[i-1]), "%s after %s", marks[i], marks[i-1])
	}
	return marks
}

// watermarkConfig polls logons each minute and gives watermarks.
func (b *fakeTime) watermarkConfig() *Config {
	cfg := b.config(logons)
	cfg.Watermarks.Enabled = true
	table := cfg.Tables[logons]
	table.PollInterval = time.Minute
	cfg.Tables[logons] = table
	return cfg
}

// A watermark comes with each poll, after the rows before it, and never goes back, even if a process is killed before its
// cursor is stored. It is no row.
func TestWatermarks(t *testing.T) {
	s := newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})
	s.inFakeTime(100*time.Millisecond, func(b *fakeTime) {
		for minute := range 60 {
			b.Plant(10*minute, 3, epoch.Add(time.Duration(minute)*time.Minute))
		}
		cfg := b.watermarkConfig()
		cfg.CheckpointDelay = 10 * time.Minute
		_, stop := b.start(cfg)
		time.Sleep(30 * time.Minute)
		killed := b.Storage.Snapshot()
		marks := waterline(t, b)
		assert.Greater(t, len(marks), 25)
		stop()
		b.Storage = killed
		_, stop = b.start(cfg)
		time.Sleep(30 * time.Minute)
		stop()
		marks = waterline(t, b)
		assert.Greater(t, len(marks), 45)
		assert.WithinDuration(t, epoch.Add(58*time.Minute), marks[len(marks)-1], 2*time.Minute)
		rows := 0
		for _, r := range b.Sink.Records() {
			if !logrecord.IsWatermark(r.Log) {
				rows++
			}
		}
		assert.Equal(t, rows, b.rows(delivered), "a watermark is no row")
	})
}

// While the pipeline refuses rows, and while a range is set aside, the table is not complete.
func TestWatermarksWait(t *testing.T) {
	for name, trouble := range map[string]func(b *fakeTime) (over func()){
		"refused": func(b *fakeTime) func() {
			b.Sink.Refuse(func(logs plog.Logs) error {
				if logrecord.IsWatermark(logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)) {
					return nil
				}
				return errors.New("not now")
			})
			return func() { b.Sink.Refuse(nil) }
		},
		"set aside": func(b *fakeTime) func() {
			b.TooLarge(func(kql string) bool { return reads(kql, epoch.Add(20*time.Minute)) })
			return func() { b.TooLarge(nil) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})
			s.inFakeTime(100*time.Millisecond, func(b *fakeTime) {
				for minute := range 60 {
					b.Plant(10*minute, 3, epoch.Add(time.Duration(minute)*time.Minute))
				}
				_, stop := b.start(b.watermarkConfig())
				time.Sleep(15 * time.Minute)
				over := trouble(b)
				time.Sleep(15 * time.Minute)
				marks := waterline(t, b)
				assert.False(t, marks[len(marks)-1].After(epoch.Add(20*time.Minute)))
				over()
				time.Sleep(45 * time.Minute)
				stop()
				marks = waterline(t, b)
				assert.True(t, marks[len(marks)-1].After(epoch.Add(60*time.Minute)))
			})
		})
	}
}

// Nobody gets watermarks who has not asked for them.
func TestNoWatermarksUnlessAsked(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(0, func(b *fakeTime) {
		b.Plant(0, 3, epoch.Add(-10*time.Minute))
		_, stop := b.start(b.config(logons))
		time.Sleep(10 * time.Minute)
		stop()
		b.Exactly(3)
	})
}
