package logrecord

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestFill(t *testing.T) {
	at := time.Date(2026, 3, 15, 8, 45, 12, 0, time.UTC)
	r, row := plog.NewLogRecord(), pcommon.NewMap()
	row.PutStr("DeviceId", "d1")
	r.Attributes().PutStr("own", "stays")
	Fill(r, row, Fields{
		Table: "DeviceLogonEvents", UID: uuid.UUID{1}, Timestamp: at, Observed: at.Add(time.Minute),
		IngestionTime: "2026-03-15T08:46:00Z", Lane: LaneBackfill,
	})
	assert.Zero(t, row.Len())
	assert.Equal(t, map[string]any{"DeviceId": "d1"}, r.Body().Map().AsRaw())
	assert.Equal(t, map[string]any{
		"own": "stays", AttributeTable: "DeviceLogonEvents", AttributeUID: "01000000-0000-0000-0000-000000000000",
		AttributeIngestionTime: "2026-03-15T08:46:00Z", AttributeLane: "backfill",
	}, r.Attributes().AsRaw())
	assert.Equal(t, "microsoft.defender.device_logon_events", r.EventName())
	assert.Equal(t, []time.Time{at, at.Add(time.Minute)}, []time.Time{r.Timestamp().AsTime(), r.ObservedTimestamp().AsTime()})
	assert.True(t, IsBackfill(r))

	live := plog.NewLogRecord()
	Fill(live, pcommon.NewMap(), Fields{Table: "Alerts", Observed: at, Source: SourceStreamingAPI})
	assert.False(t, IsBackfill(live))
	assert.Zero(t, live.Timestamp(), "neither the event's time nor that of its arrival is known")
	assert.Len(t, live.Attributes().AsRaw(), 3)
}

func TestWatermark(t *testing.T) {
	at := time.Date(2026, 3, 15, 8, 45, 12, 500, time.UTC)
	r := plog.NewLogRecord()
	FillWatermark(r, Watermark{Table: "Alerts", CompleteUntil: at, TimeBasis: "ingestion_time", UID: uuid.UUID{1}, Observed: at.Add(time.Minute)})
	assert.True(t, IsWatermark(r))
	assert.Equal(t, map[string]any{
		"table": "Alerts", "complete_until": "2026-03-15T08:45:12.0000005Z", "time_basis": "ingestion_time",
	}, r.Body().Map().AsRaw())
	assert.Equal(t, map[string]any{AttributeUID: "01000000-0000-0000-0000-000000000000"}, r.Attributes().AsRaw())
	assert.Equal(t, []time.Time{at, at.Add(time.Minute)}, []time.Time{r.Timestamp().AsTime(), r.ObservedTimestamp().AsTime()})
	assert.False(t, IsWatermark(plog.NewLogRecord()))
}
