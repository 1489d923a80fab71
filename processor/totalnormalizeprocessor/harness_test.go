package totalnormalizeprocessor

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

const testDomain = "customer-domain-001"

// harness is a processor between a test and a sink. When the test ends it checks that every record
// that came in is accounted for.
type harness struct {
	processor.Logs
	sink   *consumertest.LogsSink
	counts collector.Metrics
	in     int
	clock  time.Time
	// handedOn counts what a test took out of the sink.
	handedOn int
}

func newHarness(tb testing.TB, configure ...func(*Config)) *harness {
	tb.Helper()
	return startHarness(tb, componenttest.NewNopHost(), configure...)
}

// newHarnessOn is a harness whose processor has a storage.
func newHarnessOn(tb testing.TB, storage component.Component) *harness {
	tb.Helper()
	return startHarness(tb, collector.Extensions{storageID: storage}, func(c *Config) { c.StorageID = &storageID })
}

func startHarness(tb testing.TB, host component.Host, configure ...func(*Config)) *harness {
	tb.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.DomainID = testDomain
	for _, c := range configure {
		c(cfg)
	}
	h := &harness{sink: new(consumertest.LogsSink), counts: collector.NewMetrics(), clock: time.Date(2026, 3, 15, 9, 0, 0, 0, time.UTC)}
	set := processortest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type)
	set.TelemetrySettings = h.counts.NewTelemetrySettings()
	var err error
	h.Logs, err = newLogs(tb.Context(), set, cfg, h.sink, h.now)
	require.NoError(tb, err)
	require.NoError(tb, h.Start(tb.Context(), host))
	tb.Cleanup(func() {
		mapped, dropped, passed := h.count("mapped"), h.count("dropped"), h.count("passed")
		assert.Equal(tb, h.in, mapped+dropped+passed, "records in = mapped + dropped + passed")
		assert.Equal(tb, h.handedOn+h.sink.LogRecordCount(), mapped+passed, "records out = mapped + passed")
		ctx := context.WithoutCancel(tb.Context())
		require.NoError(tb, h.Shutdown(ctx))
		require.NoError(tb, h.counts.Shutdown(ctx))
	})
	return h
}

// consume sends rows in one call and returns the events of the call, person by person.
func (h *harness) consume(tb testing.TB, rows ...plog.LogRecord) []plog.ResourceLogs {
	tb.Helper()
	return h.consumeLogs(tb, logsOf(rows...))
}

func (h *harness) consumeLogs(tb testing.TB, logs plog.Logs) []plog.ResourceLogs {
	tb.Helper()
	h.in += logs.LogRecordCount()
	calls := len(h.sink.AllLogs())
	require.NoError(tb, h.ConsumeLogs(tb.Context(), logs))
	var out []plog.ResourceLogs
	for _, l := range h.sink.AllLogs()[calls:] {
		for _, resource := range l.ResourceLogs().All() {
			out = append(out, resource)
			h.check(tb, resource)
		}
	}
	return out
}

// check holds a person's events against the schema.
func (h *harness) check(tb testing.TB, resource plog.ResourceLogs) {
	tb.Helper()
	if _, ok := resource.Resource().Attributes().Get("total.domain_id"); !ok {
		return
	}
	for _, scope := range resource.ScopeLogs().All() {
		for _, record := range scope.LogRecords().All() {
			checkEvent(tb, record)
		}
	}
}

// event is the one event that the row becomes.
func (h *harness) event(tb testing.TB, row plog.LogRecord) pcommon.Map {
	tb.Helper()
	out := h.consume(tb, row)
	require.Len(tb, out, 1, "the row became no event: %v", h.dropReasons())
	return out[0].ScopeLogs().At(0).LogRecords().At(0).Body().Map()
}

// user is whose act the row is; where it is nobody's, the reason in brackets.
func (h *harness) user(tb testing.TB, row plog.LogRecord) string {
	tb.Helper()
	before := h.dropReasons()
	out := h.consume(tb, row)
	if len(out) == 0 {
		for reason, n := range h.dropReasons() {
			if n > before[reason] {
				return "[" + reason + "]"
			}
		}
	}
	return payloadUser(out[0].ScopeLogs().At(0).LogRecords().At(0).Body().Map())
}

func payloadUser(event pcommon.Map) string {
	payload, _ := event.Get("payload")
	user, _ := payload.Map().Get("user")
	return user.Str()
}

func (h *harness) count(outcome string) int {
	return h.counts.Sum("otelcol_processor_total_normalize_records", "outcome", outcome)
}

func (h *harness) dropReasons() map[string]int {
	reasons := map[string]int{}
	h.eachCount(func(outcome, reason string, count int) {
		if outcome == outcomeDropped {
			reasons[reason] += count
		}
	})
	return reasons
}

// gauge is the value of one of the directories' metrics.
func (h *harness) gauge(tb testing.TB, name string, attributes ...attribute.KeyValue) float64 {
	tb.Helper()
	m, err := h.counts.GetMetric("otelcol_processor_total_normalize_" + name)
	require.NoError(tb, err)
	want := attribute.NewSet(append(attributes, attribute.String("processor", "total_normalize"))...)
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		return value(tb, data.DataPoints, want)
	case metricdata.Sum[int64]:
		return value(tb, data.DataPoints, want)
	case metricdata.Gauge[float64]:
		return value(tb, data.DataPoints, want)
	}
	require.Fail(tb, "no such metric: "+name)
	return 0
}

func value[N int64 | float64](tb testing.TB, points []metricdata.DataPoint[N], want attribute.Set) float64 {
	tb.Helper()
	for _, p := range points {
		if p.Attributes.Equals(&want) {
			return float64(p.Value)
		}
	}
	require.Fail(tb, "no such point")
	return 0
}

func (h *harness) eachCount(visit func(outcome, reason string, count int)) {
	for _, point := range h.counts.Points("otelcol_processor_total_normalize_records") {
		if point.Value == 0 {
			continue
		}
		outcome, _ := point.Attributes.Value("outcome")
		reason, _ := point.Attributes.Value("reason")
		visit(outcome.AsString(), reason.AsString(), int(point.Value))
	}
}

func nopSettings() processor.Settings { return processortest.NewNopSettings(metadata.Type) }

// accountOf is the account of a row's own columns.
func accountOf(c columns) accounts.Account {
	get := func(column string) string { s, _ := c[column].(string); return s }
	return accounts.Account{
		Domain: get("AccountDomain"), Name: get("AccountName"), SID: get("AccountSid"), UPN: get("AccountUpn"), ObjectID: get("AccountObjectId"),
	}
}

// newRow is a row as the receiver hands it over; columns is a JSON object.
func newRow(table, uid, columns string) plog.LogRecord {
	record := plog.NewLogRecord()
	if !row.ParseJSON(columns, record.Body()) {
		panic("not a JSON object: " + columns)
	}
	if v, ok := record.Body().Map().Get("Timestamp"); ok {
		at, err := time.Parse(time.RFC3339Nano, v.AsString())
		if err == nil {
			record.SetTimestamp(pcommon.NewTimestampFromTime(at))
		}
	}
	record.Attributes().PutStr(logrecord.AttributeTable, table)
	if uid != "" {
		record.Attributes().PutStr(logrecord.AttributeUID, uid)
	}
	if t, ok := tables.ByName(table); ok {
		record.SetEventName(t.EventName())
	}
	return record
}

func logsOf(rows ...plog.LogRecord) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr(logrecord.AttributeTenantID, "tenant-1")
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for _, r := range rows {
		r.CopyTo(records.AppendEmpty())
	}
	return logs
}

// orderedJSON writes a value with its keys in their order, which pdata's own JSON does not promise.
func orderedJSON(tb testing.TB, v pcommon.Value) string {
	tb.Helper()
	var b bytes.Buffer
	e := jsontext.NewEncoder(&b)
	writeJSON(tb, e, v)
	return strings.TrimSpace(b.String())
}

func writeJSON(tb testing.TB, e *jsontext.Encoder, v pcommon.Value) {
	tb.Helper()
	token := func(t jsontext.Token) { require.NoError(tb, e.WriteToken(t)) }
	switch v.Type() {
	case pcommon.ValueTypeMap:
		token(jsontext.BeginObject)
		for key, value := range v.Map().All() {
			token(jsontext.String(key))
			writeJSON(tb, e, value)
		}
		token(jsontext.EndObject)
	case pcommon.ValueTypeSlice:
		token(jsontext.BeginArray)
		for _, value := range v.Slice().All() {
			writeJSON(tb, e, value)
		}
		token(jsontext.EndArray)
	case pcommon.ValueTypeStr:
		token(jsontext.String(v.Str()))
	case pcommon.ValueTypeInt:
		token(jsontext.Int(v.Int()))
	case pcommon.ValueTypeDouble:
		token(jsontext.Float(v.Double()))
	case pcommon.ValueTypeBool:
		token(jsontext.Bool(v.Bool()))
	case pcommon.ValueTypeEmpty:
		token(jsontext.Null)
	default:
		require.Fail(tb, fmt.Sprintf("no JSON for %v", v.Type()))
	}
}

func (h *harness) now() time.Time { return h.clock }
