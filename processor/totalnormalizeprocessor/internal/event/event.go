package event

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

const (
	eventSource    = "DEFENDER_ENDPOINT"
	signalType     = "ENDPOINT"
	sourcePlatform = "defender_endpoint"

	// SourceHunting, SourceStreaming and SourceGraph are the APIs that rows are read from.
	SourceHunting   = "DEFENDER_XDR_ADVANCED_HUNTING_API"
	SourceStreaming = "DEFENDER_XDR_STREAMING_API"
	SourceGraph     = "DEFENDER_XDR_GRAPH_SECURITY_API"
)

// TableAlertsV2 is the feed of alerts; its evidence is read as rows of Alerts.
const TableAlertsV2 = "alerts_v2"

// Tables whose rows come from the Streaming API alone: it sends an alert's two halves by themselves.
const (
	TableAlerts        = "Alerts"
	TableAlertEvidence = "AlertEvidence"
	TableAlertInfo     = "AlertInfo"
)

// Plan is how a table's rows become events; of directories it has no event.
type Plan struct {
	Table *tables.Table
	// Layout has the columns that events are made of.
	Layout *row.Layout

	event    *tables.Event
	payload  []planField
	metadata []planField
	// Where the columns stand that are not in payload and metadata alone.
	timestamp, platformID, protocol row.Place
}

// planField takes one column to one key.
type planField struct {
	key, column                  string
	at                           row.Place
	parse, holdsJSON, remoteOnly bool
}

// NewPlans returns the plans of all tables. The additional columns go to raw_metadata where a table has them.
func NewPlans(additional []string) map[string]*Plan {
	plans := map[string]*Plan{}
	alerts, _ := tables.ByName(TableAlerts)
	directories := []*tables.Table{
		tables.Users(),
		{Name: TableAlertInfo, Kind: tables.Directory, Schema: alerts.Info, Key: "AlertId"},
	}
	for _, t := range append(tables.All(), directories...) {
		plans[t.Name] = newPlan(t, additional)
	}
	plans[TableAlertEvidence] = plans[TableAlerts]
	return plans
}

func newPlan(t *tables.Table, additional []string) *Plan {
	p := &Plan{Table: t, Layout: row.NewLayout(), event: t.Event}
	if t.Event == nil {
		return p
	}
	p.timestamp = p.Layout.Place(tables.TimestampColumn)
	p.platformID = p.Layout.Place(t.Event.PlatformID)
	p.protocol = p.Layout.Place(row.RequestProtocolColumn)
	field := func(key, column string) planField {
		return planField{
			key: key, column: column, at: p.Layout.Place(column),
			holdsJSON: row.HoldsJSON(t, column), remoteOnly: slices.Contains(t.Event.RemoteOnly, column),
		}
	}
	for _, f := range t.Event.Payload {
		pf := field(f.Key, f.Column)
		pf.parse = f.Parse
		p.payload = append(p.payload, pf)
	}
	for _, column := range t.Event.RawMetadata {
		p.metadata = append(p.metadata, field(tables.SnakeCase(column), column))
	}
	for _, column := range additional {
		known := func(f planField) bool { return f.column == column }
		if !slices.ContainsFunc(p.metadata, known) {
			p.metadata = append(p.metadata, field(tables.SnakeCase(column), column))
		}
	}
	return p
}

// Named is the plan of a table that has the same columns under another name.
func (p *Plan) Named(name string) *Plan {
	named, table := *p, *p.Table
	table.Name = name
	named.Table = &table
	return &named
}

// IsEvent reports whether rows of the table become events.
func (p *Plan) IsEvent() bool { return p.event != nil }

// Facts are what an event says beside its row's columns.
type Facts struct {
	EventID, DomainID, TUID, User string
	// TargetUser and TargetGroup are what an event about accounts was done to.
	TargetUser, TargetGroup string
	// AttributedBy is by what the person was found; empty: the row's own account acted.
	AttributedBy string
	// Lane is the lane of the record, e.g. backfill; empty on live rows.
	Lane string
	// Source is the API that the row was read from.
	Source string
}

// The keys of raw_metadata that say what a consumer of the body alone could not know.
const (
	keyAttributedBy = "attributed_by"
	keyLane         = "lane"
	keyLate         = "late"
	keyRawMetadata  = "raw_metadata"
)

// Write builds the TOTAL event of a row in m, which is empty, its keys in the documented order. Where the row has no
// Timestamp, at stands for it.
func (p *Plan) Write(m pcommon.Map, r row.Cells, at time.Time, facts Facts) {
	m.EnsureCapacity(11)
	m.PutStr("event_id", facts.EventID)
	m.PutStr("event_type", p.event.Type)
	m.PutStr("source", eventSource)
	m.PutStr("signal_type", signalType)
	m.PutStr("domain_id", facts.DomainID)
	m.PutStr("tuid", facts.TUID)
	p.putTime(m, "timestamp", r, at)

	payload := m.PutEmptyMap("payload")
	payload.EnsureCapacity(len(p.payload) + 3)
	payload.PutStr("user", facts.User)
	p.putFields(payload, r, p.payload)
	putText(payload, "target_user", facts.TargetUser)
	putText(payload, "target_group", facts.TargetGroup)

	platformID := r.Text(p.platformID)
	metadata := m.PutEmptyMap(keyRawMetadata)
	metadata.EnsureCapacity(len(p.metadata) + 6) // with late
	putText(metadata, "platform_event_id", platformID)
	p.putFields(metadata, r, p.metadata)
	p.putTime(metadata, "created_at", r, at)
	metadata.PutStr("source_platform", sourcePlatform)
	putText(metadata, keyLane, facts.Lane)
	putText(metadata, keyAttributedBy, facts.AttributedBy)

	putText(m, "platform_event_id", platformID)
	m.PutStr("platform_event_source", facts.Source)
}

// MarkLate says in an event that it came after a later one of the same person and table.
func MarkLate(event pcommon.Value) {
	if event.Type() != pcommon.ValueTypeMap {
		return
	}
	if metadata, ok := event.Map().Get(keyRawMetadata); ok && metadata.Type() == pcommon.ValueTypeMap {
		metadata.Map().PutBool(keyLate, true)
	}
}

func (p *Plan) putFields(m pcommon.Map, r row.Cells, fields []planField) {
	for i := range fields {
		f := &fields[i]
		v := r[f.at]
		if row.IsEmpty(v, f.holdsJSON) || f.remoteOnly && !row.IsRemoteProtocol(r.Text(p.protocol)) {
			continue
		}
		if v.Type() != pcommon.ValueTypeStr {
			v.CopyTo(m.PutEmpty(f.key))
			continue
		}
		if !f.parse || !row.ParseJSON(v.Str(), m.PutEmpty(f.key)) {
			m.PutStr(f.key, v.Str())
		}
	}
}

// putTime writes the row's Timestamp as it came; without one, the record's.
func (p *Plan) putTime(m pcommon.Map, key string, r row.Cells, at time.Time) {
	if v := r[p.timestamp]; !row.IsEmpty(v, false) {
		v.CopyTo(m.PutEmpty(key))
		return
	}
	if at.UnixNano() != 0 {
		m.PutStr(key, at.Format(time.RFC3339Nano))
	}
}

func putText(m pcommon.Map, key, text string) {
	if text != "" {
		m.PutStr(key, text)
	}
}
