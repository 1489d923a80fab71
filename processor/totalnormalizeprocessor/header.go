package totalnormalizeprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// header is what a record says beside its row.
type header struct {
	uid, lane string
	streamed  bool
	// tenant is the tenant that stands on the record, which its resource should have; nil: none does.
	tenant *string
	// derived: the record has no uid of its own.
	derived bool
}

func headerOf(record plog.LogRecord) header {
	var h header
	for name, v := range record.Attributes().All() {
		switch name {
		case logrecord.AttributeUID:
			h.uid = row.Text(v)
		case logrecord.AttributeLane:
			h.lane = row.Text(v)
		case logrecord.AttributeSource:
			h.streamed = v.Type() == pcommon.ValueTypeStr && v.Str() == logrecord.SourceStreamingAPI
		case logrecord.AttributeTenantID:
			tenant := v.AsString()
			h.tenant = &tenant
		}
	}
	if h.uid == "" {
		h.uid, h.derived = event.IDOf(record), true
	}
	return h
}

// copyTo makes to what the record is, but for its body.
func (h header) copyTo(to, record plog.LogRecord) {
	to.SetTimestamp(record.Timestamp())
	to.SetObservedTimestamp(record.ObservedTimestamp())
	to.SetSeverityNumber(record.SeverityNumber())
	to.SetSeverityText(record.SeverityText())
	to.SetEventName(record.EventName())
	to.SetFlags(record.Flags())
	to.SetTraceID(record.TraceID())
	to.SetSpanID(record.SpanID())
	to.SetDroppedAttributesCount(record.DroppedAttributesCount())
	record.Attributes().CopyTo(to.Attributes())
	if h.derived {
		to.Attributes().PutStr(logrecord.AttributeUID, h.uid)
	}
}
