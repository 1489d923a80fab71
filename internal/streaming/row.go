package streaming

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Row is one row of the Streaming API.
type Row struct {
	// Table is the service's name, e.g. DeviceLogonEvents or AlertEvidence; it may be one that the
	// project does not know.
	Table    string
	TenantID string
	// Columns are the row's, typed as the table declares them.
	Columns pcommon.Map
	// UID is the one that the receiver gives the same row. AlertEvidence has one of its own: without
	// AlertInfo it is not the record that the receiver's Alerts has.
	UID uuid.UUID
	// Timestamp is the event's time; zero where the row has no readable one.
	Timestamp time.Time
	// Received is when the service took the row in; zero where the envelope does not say.
	Received time.Time
}

// MoveTo makes record what the receiver emits for the row, with the attribute
// microsoft.defender.source beside. The tenant belongs to the record's resource, which is the
// caller's. The row's columns are moved and left empty; attributes that record has stay.
func (r *Row) MoveTo(record plog.LogRecord, observed time.Time) {
	at := r.Timestamp
	if at.IsZero() {
		at = r.Received
	}
	received := ""
	if !r.Received.IsZero() {
		received = r.Received.Format(time.RFC3339Nano)
	}
	logrecord.Fill(record, r.Columns, logrecord.Fields{
		Table: r.Table, UID: r.UID, Timestamp: at, Observed: observed, IngestionTime: received, Source: logrecord.SourceStreamingAPI,
	})
}
