package defendersiemprocessor

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/emitted"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/indicator"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/record"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/selection"
)

// converter turns the alerts of a call into records.
type converter struct {
	services  []string
	dropOther bool
	rule      selection.Rule
	form      record.Form
}

func newConverter(cfg *Config) converter {
	return converter{
		services:  cfg.Services,
		dropOther: cfg.OtherRecords == OtherRecordsDrop,
		rule:      selection.Rule{Candidates: candidatesOf(cfg), Repeat: cfg.OnUpdate == OnUpdateRepeat, Most: cfg.MaxRecordsPerAlert},
		form:      record.Form{Documented: cfg.Names == NamesDocumented, Extended: cfg.Extended, OmitEmpty: cfg.OmitEmpty},
	}
}

var additional = map[Indicator]alert.Kind{
	IndicatorDNS: alert.DNS, IndicatorNetworkConnection: alert.NetworkConnection, IndicatorFileHash: alert.FileHash,
}

func candidatesOf(cfg *Config) selection.Candidates {
	kinds := slices.Clone(indicator.Usual)
	for _, kind := range cfg.AdditionalIndicators {
		kinds = append(kinds, additional[kind])
	}
	switch cfg.Records {
	case RecordsPerAlert:
		return selection.PerAlert(kinds)
	case RecordsPerEvidence:
		return selection.PerEvidence
	default:
		return selection.PerIOC(kinds)
	}
}

// converted is what a call hands on.
type converted struct {
	logs  plog.Logs
	tally tally
}

// keysOf are the alerts of a call.
func (c converter) keysOf(logs plog.Logs) []emitted.Key {
	var keys []emitted.Key
	for _, resource := range logs.ResourceLogs().All() {
		tenant := tenantOf(resource)
		for _, scope := range resource.ScopeLogs().All() {
			for _, r := range scope.LogRecords().All() {
				if a, ok := c.alertOf(r); ok {
					keys = append(keys, emitted.KeyOf(tenant, a.ID()))
				}
			}
		}
	}
	return keys
}

// convert makes a copy of the call, in which records stand in the place of alerts. What came in is not changed.
func (c converter) convert(logs plog.Logs, call *emitted.Call) converted {
	out := converted{logs: plog.NewLogs(), tally: newTally()}
	for _, resource := range logs.ResourceLogs().All() {
		target := out.logs.ResourceLogs().AppendEmpty()
		resource.Resource().CopyTo(target.Resource())
		target.SetSchemaUrl(resource.SchemaUrl())
		for _, scope := range resource.ScopeLogs().All() {
			within := target.ScopeLogs().AppendEmpty()
			scope.Scope().CopyTo(within.Scope())
			within.SetSchemaUrl(scope.SchemaUrl())
			for _, r := range scope.LogRecords().All() {
				c.convertRecord(r, tenantOf(resource), call, within.LogRecords(), out.tally)
			}
		}
		target.ScopeLogs().RemoveIf(func(s plog.ScopeLogs) bool { return s.LogRecords().Len() == 0 })
	}
	out.logs.ResourceLogs().RemoveIf(func(r plog.ResourceLogs) bool { return r.ScopeLogs().Len() == 0 })
	return out
}

func (c converter) convertRecord(r plog.LogRecord, tenant string, call *emitted.Call, to plog.LogRecordSlice, counts tally) {
	a, ok := c.alertOf(r)
	if !ok {
		c.other(r, to, counts)
		return
	}
	choice := c.rule.Of(a, call.Draft(emitted.KeyOf(tenant, a.ID())))
	for _, facts := range choice.Records {
		c.fill(to.AppendEmpty(), r, tenant, facts)
	}
	counts.choice(choice)
}

// other keeps a record that is no alert, or drops it. A watermark says how far the rows beside it are whole, so it stays.
func (c converter) other(r plog.LogRecord, to plog.LogRecordSlice, counts tally) {
	if c.dropOther && !logrecord.IsWatermark(r) {
		counts.alerts[outcomeDropped]++
		return
	}
	r.CopyTo(to.AppendEmpty())
	counts.alerts[outcomePassed]++
}

// alertOf reads a record as an alert of the services. One without an id is none: nobody could tell its versions.
func (c converter) alertOf(r plog.LogRecord) (alert.Alert, bool) {
	if r.EventName() != logrecord.EventAlertV2 || r.Body().Type() != pcommon.ValueTypeMap {
		return alert.Alert{}, false
	}
	a := alert.Read(r.Body().Map())
	return a, a.ID() != "" && slices.Contains(c.services, a.Text("serviceSource"))
}

// fill makes a record of an alert's. What is said of the alert's version stays, but for its id.
func (c converter) fill(to, from plog.LogRecord, tenant string, facts record.Facts) {
	from.Attributes().CopyTo(to.Attributes())
	to.Attributes().PutStr(logrecord.AttributeUID, uidOf(tenant, facts.FullID()))
	to.SetEventName(logrecord.EventSIEMAlert)
	to.SetTimestamp(timeOf(facts, from))
	to.SetObservedTimestamp(from.ObservedTimestamp())
	to.SetSeverityNumber(from.SeverityNumber())
	to.SetSeverityText(from.SeverityText())
	c.form.Fill(to.Body().SetEmptyMap(), facts)
}

// timeOf is AlertTime, as far as it can be read.
func timeOf(facts record.Facts, from plog.LogRecord) pcommon.Timestamp {
	for _, property := range []string{"createdDateTime", "firstActivityDateTime"} {
		if at, err := time.Parse(time.RFC3339Nano, facts.Alert.Text(property)); err == nil {
			return pcommon.NewTimestampFromTime(at)
		}
	}
	return from.Timestamp()
}

// uidOf is the same for every record with this FullId.
func uidOf(tenantID, fullID string) string {
	tenant, err := uuid.Parse(tenantID)
	if err != nil {
		tenant = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(tenantID))
	}
	return uuid.NewSHA1(tenant, []byte("siem_alert\x00"+fullID)).String()
}

func tenantOf(resource plog.ResourceLogs) string {
	if tenant, ok := resource.Resource().Attributes().Get(logrecord.AttributeTenantID); ok {
		return tenant.AsString()
	}
	return ""
}
