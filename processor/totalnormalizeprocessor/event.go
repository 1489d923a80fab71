package totalnormalizeprocessor

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const (
	eventSource     = "DEFENDER_ENDPOINT"
	signalType      = "ENDPOINT"
	sourcePlatform  = "defender_endpoint"
	sourceHunting   = "DEFENDER_XDR_ADVANCED_HUNTING_API"
	sourceStreaming = "DEFENDER_XDR_STREAMING_API"
)

// plan is how a table's rows become events; of directories it has no event.
type plan struct {
	table    *tables.Table
	event    *tables.Event
	payload  []planField
	metadata []planField
}

// planField takes one column to one key.
type planField struct {
	key, column      string
	parse, holdsJSON bool
}

func newPlans() map[string]*plan {
	plans := map[string]*plan{}
	alertInfo, _ := tables.ByName(tableAlerts)
	directories := []*tables.Table{
		tables.Users(),
		{Name: tableAlertInfo, Kind: tables.Directory, Schema: alertInfo.Info, Key: "AlertId"},
	}
	for _, t := range append(tables.All(), directories...) {
		p := &plan{table: t, event: t.Event}
		plans[t.Name] = p
		if t.Event == nil {
			continue
		}
		for _, f := range t.Event.Payload {
			p.payload = append(p.payload, planField{key: f.Key, column: f.Column, parse: f.Parse, holdsJSON: holdsJSON(t, f.Column)})
		}
		for _, column := range t.Event.RawMetadata {
			p.metadata = append(p.metadata, planField{key: tables.SnakeCase(column), column: column, holdsJSON: holdsJSON(t, column)})
		}
	}
	plans[tableAlertEvidence] = plans[tableAlerts]
	return plans
}

func holdsJSON(t *tables.Table, column string) bool {
	c, _ := t.Column(column)
	return c.Type == tables.JSON || c.Type == tables.Dynamic
}

// newEvent builds the TOTAL event of a row, its keys in the documented order.
func (p *plan) newEvent(r row, eventID, domainID string, tuid resolvedTUID, user string) pcommon.Value {
	event := pcommon.NewValueMap()
	m := event.Map()
	m.EnsureCapacity(11)
	m.PutStr("event_id", eventID)
	m.PutStr("event_type", p.event.Type)
	m.PutStr("source", eventSource)
	m.PutStr("signal_type", signalType)
	m.PutStr("domain_id", domainID)
	m.PutStr("tuid", string(tuid))
	r.putTime(m, "timestamp")

	payload := m.PutEmptyMap("payload")
	payload.EnsureCapacity(len(p.payload) + 1)
	payload.PutStr("user", user)
	r.putFields(payload, p.payload)

	platformID := r.text(p.event.PlatformID)
	metadata := m.PutEmptyMap("raw_metadata")
	metadata.EnsureCapacity(len(p.metadata) + 3)
	putText(metadata, "platform_event_id", platformID)
	r.putFields(metadata, p.metadata)
	r.putTime(metadata, "created_at")
	metadata.PutStr("source_platform", sourcePlatform)

	putText(m, "platform_event_id", platformID)
	m.PutStr("platform_event_source", r.source)
	return event
}

func (r row) putFields(m pcommon.Map, fields []planField) {
	for _, f := range fields {
		v, ok := r.columns.Get(f.column)
		if !ok || isEmpty(v, f.holdsJSON) {
			continue
		}
		if f.parse && v.Type() == pcommon.ValueTypeStr {
			parsed := pcommon.NewValueEmpty()
			if parseJSON(v.Str(), parsed) {
				parsed.MoveTo(m.PutEmpty(f.key))
				continue
			}
		}
		v.CopyTo(m.PutEmpty(f.key))
	}
}

// putTime writes the row's Timestamp as it came; without one, the record's.
func (r row) putTime(m pcommon.Map, key string) {
	if v, ok := r.columns.Get(tables.TimestampColumn); ok && !isEmpty(v, false) {
		v.CopyTo(m.PutEmpty(key))
		return
	}
	if r.time.UnixNano() != 0 {
		m.PutStr(key, r.time.Format(time.RFC3339Nano))
	}
}

func putText(m pcommon.Map, key, text string) {
	if text != "" {
		m.PutStr(key, text)
	}
}
