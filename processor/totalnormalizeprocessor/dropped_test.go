package totalnormalizeprocessor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// nobody is a row of 2026-03-13 that is dropped.
func nobody(arrived, lane string) plog.LogRecord {
	r := columns{}.row("DeviceEvents")
	r.SetTimestamp(pcommon.NewTimestampFromTime(time.Date(2026, 3, 13, 12, 0, 0, 0, time.UTC)))
	if arrived != "" {
		r.Attributes().PutStr(logrecord.AttributeIngestionTime, arrived)
	}
	if lane != "" {
		r.Attributes().PutStr(logrecord.AttributeLane, lane)
	}
	return r
}

// dropsOf is what a processor dropped of a day, by reason.
func dropsOf(p processor.Logs, day proof.Day) map[string]int {
	reasons := map[string]int{}
	for _, d := range p.(*accounting).drops.Dropped(day).Reasons {
		reasons[d.Table+" "+d.Reason] = d.Rows
	}
	return reasons
}

// The report counts a row on the day of its arrival, and in history on that of its event.
func TestDropsByDay(t *testing.T) {
	h := newHarness(t)
	h.consume(t,
		nobody("2026-03-15T00:00:00Z", ""),
		nobody("", ""),
		nobody("2026-03-15T00:00:00Z", "backfill"),
		columns{"AccountName": "system", "AccountSid": "S-1-5-18"}.row("DeviceLogonEvents"),
		columns{}.row("DeviceInfo"),
	)
	assert.Equal(t, map[string]int{"DeviceEvents no_account": 1, "DeviceLogonEvents system": 1}, dropsOf(h.Logs, "2026-03-15"))
	assert.Equal(t, map[string]int{"DeviceEvents no_account": 2}, dropsOf(h.Logs, "2026-03-13"))
}

// A call that is refused comes again: its drops count once.
func TestDropsOfARefusedCallCountOnce(t *testing.T) {
	refuse := true
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		if refuse {
			return errors.New("refused")
		}
		return nil
	})
	require.NoError(t, err)
	p, err := NewFactory().CreateLogs(t.Context(), nopSettings(), validConfig(), next)
	require.NoError(t, err)
	logs := func() plog.Logs {
		return logsOf(nobody("", ""), columns{"AccountName": "jane", "AccountSid": janeSID}.row("DeviceLogonEvents"))
	}
	require.Error(t, p.ConsumeLogs(t.Context(), logs()))
	assert.Empty(t, dropsOf(p, "2026-03-13"))
	refuse = false
	require.NoError(t, p.ConsumeLogs(t.Context(), logs()))
	assert.Equal(t, map[string]int{"DeviceEvents no_account": 1}, dropsOf(p, "2026-03-13"))
}

func TestDropsOutliveARestart(t *testing.T) {
	storage := collector.NewStorage()
	for run := range 2 {
		p := newStoring(t, new(consumertest.LogsSink))
		require.NoError(t, p.Start(t.Context(), collector.Extensions{storageID: storage}))
		require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(nobody("", ""))))
		assert.Equal(t, map[string]int{"DeviceEvents no_account": run + 1}, dropsOf(p, "2026-03-13"))
		require.NoError(t, p.Shutdown(t.Context()))
	}
}

// A watermark passes as it is, even where other records are dropped.
func TestWatermarksPass(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.OtherRecords = OtherRecordsDrop })
	mark := plog.NewLogRecord()
	logrecord.FillWatermark(mark, logrecord.Watermark{Table: "DeviceEvents", CompleteUntil: h.clock, TimeBasis: "ingestion_time"})
	in := logsOf(mark)
	out := h.consumeLogs(t, logsOf(mark))
	require.Len(t, out, 1)
	want := in.ResourceLogs().At(0)
	assert.Equal(t, want.Resource().Attributes().AsRaw(), out[0].Resource().Attributes().AsRaw())
	got := out[0].ScopeLogs().At(0).LogRecords().At(0)
	assert.Equal(t, mark.Body().AsRaw(), got.Body().AsRaw())
	assert.Equal(t, mark.Attributes().AsRaw(), got.Attributes().AsRaw())
	assert.Equal(t, mark.EventName(), got.EventName())
	assert.Equal(t, 1, h.count(outcomePassed))
}
