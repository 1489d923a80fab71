package logrecord

import (
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// EventWatermark is the event name of watermarks.
const EventWatermark = "microsoft.defender.watermark"

// Watermark says that all rows of a table before a time were accepted.
type Watermark struct {
	Table         string
	CompleteUntil time.Time
	// TimeBasis is the time that is meant: ingestion_time (arrival) or event_time.
	TimeBasis string
	UID       uuid.UUID
	Observed  time.Time
}

// FillWatermark makes a record of a watermark. It has no AttributeTable, because it is no row.
func FillWatermark(record plog.LogRecord, w Watermark) {
	record.SetTimestamp(pcommon.NewTimestampFromTime(w.CompleteUntil))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(w.Observed))
	record.SetEventName(EventWatermark)
	record.Attributes().PutStr(AttributeUID, w.UID.String())
	body := record.Body().SetEmptyMap()
	body.PutStr("table", w.Table)
	body.PutStr("complete_until", w.CompleteUntil.UTC().Format(time.RFC3339Nano))
	body.PutStr("time_basis", w.TimeBasis)
}

// IsWatermark reports whether a record is a watermark.
func IsWatermark(record plog.LogRecord) bool { return record.EventName() == EventWatermark }
