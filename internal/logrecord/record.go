// Package logrecord is the wire form of a row of Defender as a log record: the receiver and the decoder of the Streaming
// API write it, and the processor reads it.
package logrecord

import (
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// The attributes of a record, and of its resource.
const (
	AttributeTable         = "microsoft.defender.table"
	AttributeIngestionTime = "microsoft.defender.ingestion_time"
	AttributeLane          = "microsoft.defender.lane"      // absent on live rows
	AttributeTenantID      = "microsoft.defender.tenant_id" // of the resource
	AttributeSource        = "microsoft.defender.source"    // absent on rows of the hunting API
	AttributeUID           = "log.record.uid"
	// AttributeDecodeError says why a record is not a row; its body is the text that could not be decoded.
	AttributeDecodeError = "microsoft.defender.decode_error"
)

const (
	// LaneBackfill is the AttributeLane of rows that had come before the receiver was first started.
	LaneBackfill = "backfill"
	// SourceStreamingAPI is the AttributeSource of rows that came through the Streaming API.
	SourceStreamingAPI = "streaming_api"
)

// Fields are what a record says beside the columns of its row.
type Fields struct {
	Table string
	UID   uuid.UUID
	// Timestamp is the time of the event, or when the row came if that is not known; zero: neither is.
	Timestamp time.Time
	// Observed is when the row was read.
	Observed time.Time
	// IngestionTime is when the service took the row in; empty: it does not say.
	IngestionTime string
	// Source and Lane are empty for live rows of the hunting API.
	Source, Lane string
}

// Fill makes a record of a row. The columns are moved and left empty; attributes that the record has stay.
func Fill(record plog.LogRecord, columns pcommon.Map, f Fields) {
	if !f.Timestamp.IsZero() {
		record.SetTimestamp(pcommon.NewTimestampFromTime(f.Timestamp))
	}
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(f.Observed))
	record.SetEventName(tables.EventName(f.Table))
	columns.MoveTo(record.Body().SetEmptyMap())
	attributes := record.Attributes()
	attributes.EnsureCapacity(attributes.Len() + 4)
	attributes.PutStr(AttributeUID, f.UID.String())
	attributes.PutStr(AttributeTable, f.Table)
	for _, optional := range []struct{ name, value string }{
		{AttributeSource, f.Source}, {AttributeIngestionTime, f.IngestionTime}, {AttributeLane, f.Lane},
	} {
		if optional.value != "" {
			attributes.PutStr(optional.name, optional.value)
		}
	}
}

// IsBackfill reports whether a record is of history.
func IsBackfill(record plog.LogRecord) bool {
	lane, ok := record.Attributes().Get(AttributeLane)
	return ok && lane.AsString() == LaneBackfill
}

// IngestionTime is when the service took a record's row in, and whether that is known.
func IngestionTime(record plog.LogRecord) (time.Time, bool) {
	v, ok := record.Attributes().Get(AttributeIngestionTime)
	if !ok {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, v.AsString())
	return at, err == nil
}
