package totalnormalizeprocessor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/groupbyattrsprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/order"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// oursTo is the processor, with what it knows of the directories.
func oursTo(tb testing.TB, next consumer.Logs, directories []plog.LogRecord) processor.Logs {
	tb.Helper()
	p, err := NewFactory().CreateLogs(tb.Context(), processortest.NewNopSettings(metadata.Type), validConfig(), next)
	require.NoError(tb, err)
	require.NoError(tb, p.Start(tb.Context(), componenttest.NewNopHost()))
	tb.Cleanup(func() { require.NoError(tb, p.Shutdown(tb.Context())) })
	require.NoError(tb, p.ConsumeLogs(tb.Context(), logsOf(directories...)))
	return p
}

// normalized is what the processor makes of a call.
func normalized(tb testing.TB, directories []plog.LogRecord, call plog.Logs) plog.Logs {
	tb.Helper()
	sink := new(consumertest.LogsSink)
	require.NoError(tb, oursTo(tb, sink, directories).ConsumeLogs(tb.Context(), copied(call)))
	if len(sink.AllLogs()) == 0 {
		return plog.NewLogs()
	}
	return sink.AllLogs()[0]
}

func copied(logs plog.Logs) plog.Logs {
	c := plog.NewLogs()
	logs.CopyTo(c)
	return c
}

// builder is the least that there is to do for a call's events: it knows every value and builds the same logs.
type builder struct{ groups []builtGroup }

type builtGroup struct {
	resource []builtField
	events   []builtEvent
}

type builtEvent struct {
	timestamp, observed pcommon.Timestamp
	name                string
	attributes, body    []builtField
}

type builtField struct {
	key   string
	value pcommon.Value
	kind  pcommon.ValueType
	text  string
	whole int64
	truth bool
	inner []builtField
}

func newBuilder(logs plog.Logs) builder {
	var b builder
	for _, resource := range logs.ResourceLogs().All() {
		g := builtGroup{resource: fieldsOf(resource.Resource().Attributes())}
		for _, r := range resource.ScopeLogs().At(0).LogRecords().All() {
			g.events = append(g.events, builtEvent{
				r.Timestamp(), r.ObservedTimestamp(), r.EventName(), fieldsOf(r.Attributes()), fieldsOf(r.Body().Map()),
			})
		}
		b.groups = append(b.groups, g)
	}
	return b
}

func fieldsOf(m pcommon.Map) []builtField {
	fields := make([]builtField, 0, m.Len())
	for key, v := range m.All() {
		f := builtField{key: key, kind: v.Type(), value: v}
		switch f.kind {
		case pcommon.ValueTypeStr:
			f.text = v.Str()
		case pcommon.ValueTypeInt:
			f.whole = v.Int()
		case pcommon.ValueTypeBool:
			f.truth = v.Bool()
		case pcommon.ValueTypeMap:
			f.inner = fieldsOf(v.Map())
		}
		fields = append(fields, f)
	}
	return fields
}

func (b builder) build() plog.Logs {
	logs := plog.NewLogs()
	logs.ResourceLogs().EnsureCapacity(len(b.groups))
	for _, g := range b.groups {
		resource := logs.ResourceLogs().AppendEmpty()
		putBuilt(resource.Resource().Attributes(), g.resource)
		records := resource.ScopeLogs().AppendEmpty().LogRecords()
		records.EnsureCapacity(len(g.events))
		for _, e := range g.events {
			r := records.AppendEmpty()
			r.SetTimestamp(e.timestamp)
			r.SetObservedTimestamp(e.observed)
			r.SetEventName(e.name)
			putBuilt(r.Attributes(), e.attributes)
			putBuilt(r.Body().SetEmptyMap(), e.body)
		}
	}
	return logs
}

func putBuilt(m pcommon.Map, fields []builtField) {
	m.EnsureCapacity(len(fields))
	for i := range fields {
		f := &fields[i]
		switch f.kind {
		case pcommon.ValueTypeStr:
			m.PutStr(f.key, f.text)
		case pcommon.ValueTypeInt:
			m.PutInt(f.key, f.whole)
		case pcommon.ValueTypeBool:
			m.PutBool(f.key, f.truth)
		case pcommon.ValueTypeMap:
			putBuilt(m.PutEmptyMap(f.key), f.inner)
		default:
			f.value.CopyTo(m.PutEmpty(f.key))
		}
	}
}

// transformTo is the transform processor with a statement a field, and groupbyattrs behind it. It cannot find who acted:
// knownTo puts that beside the rows.
func transformTo(tb testing.TB, next consumer.Logs, table string) processor.Logs {
	tb.Helper()
	grouping := groupbyattrsprocessor.NewFactory()
	groupConfig := grouping.CreateDefaultConfig().(*groupbyattrsprocessor.Config)
	groupConfig.GroupByKeys = []string{order.AttributeDomainID, order.AttributeTUID}
	groups, err := grouping.CreateLogs(tb.Context(), processortest.NewNopSettings(grouping.Type()), groupConfig, next)
	require.NoError(tb, err)
	require.NoError(tb, groups.Start(tb.Context(), componenttest.NewNopHost()))

	transforming := transformprocessor.NewFactory()
	cfg := transforming.CreateDefaultConfig()
	var statements []any
	for _, s := range statementsOf(tb, table) {
		statements = append(statements, s)
	}
	require.NoError(tb, confmap.NewFromStringMap(map[string]any{
		"error_mode":     "propagate",
		"log_statements": []any{map[string]any{"context": "log", "statements": statements}},
	}).Unmarshal(cfg))
	p, err := transforming.CreateLogs(tb.Context(), processortest.NewNopSettings(transforming.Type()), cfg, groups)
	require.NoError(tb, err)
	require.NoError(tb, p.Start(tb.Context(), componenttest.NewNopHost()))
	return p
}

// knownAttributes are where the transform processor finds what only we can decide.
var knownAttributes = []string{"user", "target_user", "target_group", "attributed_by"}

// knownTo is the call with what the events of ours say of who acted.
func knownTo(tb testing.TB, call, events plog.Logs) plog.Logs {
	tb.Helper()
	known := map[string]map[string]string{}
	for _, resource := range events.ResourceLogs().All() {
		for _, r := range resource.ScopeLogs().At(0).LogRecords().All() {
			body := r.Body().Map().AsRaw()
			said := map[string]string{order.AttributeDomainID: body["domain_id"].(string), order.AttributeTUID: body["tuid"].(string)}
			for _, part := range []any{body["payload"], body["raw_metadata"]} {
				for _, key := range knownAttributes {
					if text, ok := part.(map[string]any)[key].(string); ok {
						said[key] = text
					}
				}
			}
			known[uidOf(r)] = said
		}
	}
	call = copied(call)
	for _, r := range call.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		for key, v := range known[uidOf(r)] {
			r.Attributes().PutStr(key, v)
		}
	}
	return call
}

// statementsOf build the event of a table's row, a statement a field.
func statementsOf(tb testing.TB, table string) []string {
	tb.Helper()
	t, ok := tables.ByName(table)
	require.True(tb, ok)
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	column := func(name string) string { return fmt.Sprintf(`log.body[%q]`, name) }
	known := func(part, name string) {
		from := fmt.Sprintf(`log.attributes[%q]`, name)
		add(`set(log.cache[%q][%q], %s) where %s != nil`, part, name, from, from)
	}
	field := func(part, key, name string, parse bool) {
		from := column(name)
		condition := fmt.Sprintf(`%s != nil and %s != ""`, from, from)
		if row.HoldsJSON(t, name) {
			condition += fmt.Sprintf(` and %s != "{}" and %s != "[]"`, from, from)
		}
		if slices.Contains(t.Event.RemoteOnly, name) {
			remote := column("RequestProtocol")
			condition += fmt.Sprintf(` and %s != nil and %s != "" and %s != "Local"`, remote, remote, remote)
		}
		if parse {
			add(`set(log.cache[%q][%q], ParseJSON(%s)) where IsString(%s) and %s`, part, key, from, from, condition)
			condition += fmt.Sprintf(` and not IsString(%s)`, from)
		}
		add(`set(log.cache[%q][%q], %s) where %s`, part, key, from, condition)
	}
	platformID := func(at string) {
		from := column(t.Event.PlatformID)
		add(`set(log.cache%s, String(%s)) where %s != nil`, at, from, from)
	}
	add(`set(log.cache["event_id"], log.attributes["log.record.uid"])`)
	add(`set(log.cache["event_type"], %q)`, t.Event.Type)
	add(`set(log.cache["source"], "DEFENDER_ENDPOINT")`)
	add(`set(log.cache["signal_type"], "ENDPOINT")`)
	add(`set(log.cache["domain_id"], log.attributes[%q])`, order.AttributeDomainID)
	add(`set(log.cache["tuid"], log.attributes[%q])`, order.AttributeTUID)
	add(`set(log.cache["timestamp"], log.body["Timestamp"])`)
	known("payload", "user")
	for _, f := range t.Event.Payload {
		field("payload", f.Key, f.Column, f.Parse)
	}
	known("payload", "target_user")
	known("payload", "target_group")
	platformID(`["raw_metadata"]["platform_event_id"]`)
	for _, name := range t.Event.RawMetadata {
		field("raw_metadata", tables.SnakeCase(name), name, false)
	}
	add(`set(log.cache["raw_metadata"]["created_at"], log.body["Timestamp"])`)
	add(`set(log.cache["raw_metadata"]["source_platform"], "defender_endpoint")`)
	known("raw_metadata", "attributed_by")
	platformID(`["platform_event_id"]`)
	add(`set(log.cache["platform_event_source"], %q)`, event.SourceHunting)
	add(`set(log.body, log.cache)`)
	for _, key := range knownAttributes {
		add(`delete_key(log.attributes, %q)`, key)
	}
	return list
}

// The three ways that the benchmarks compare give the same events.
func TestWaysAgree(t *testing.T) {
	company := newTenantRows(t, 100_000)
	directories := company.directories(t)
	for _, table := range tables.All() {
		if table.Event == nil {
			continue
		}
		t.Run(table.Name, func(t *testing.T) {
			call := company.people(t, directories, table.Name, 20)
			ours := normalized(t, directories, call)
			assert.Equal(t, sortedEvents(t, ours), sortedEvents(t, newBuilder(ours).build()))

			sink := new(consumertest.LogsSink)
			require.NoError(t, transformTo(t, sink, table.Name).ConsumeLogs(t.Context(), knownTo(t, call, ours)))
			assert.Equal(t, sortedEvents(t, ours), sortedEvents(t, sink.AllLogs()[0]))
		})
	}
}

// sortedEvents are the resource, attributes and body of each event, sorted.
func sortedEvents(t *testing.T, logs plog.Logs) []string {
	t.Helper()
	var lines []string
	for _, resource := range logs.ResourceLogs().All() {
		for _, r := range resource.ScopeLogs().At(0).LogRecords().All() {
			line, err := json.Marshal([]any{resource.Resource().Attributes().AsRaw(), r.Attributes().AsRaw(), r.Body().Map().AsRaw(), r.EventName(), r.Timestamp()})
			require.NoError(t, err)
			lines = append(lines, strings.TrimSpace(string(line)))
		}
	}
	slices.Sort(lines)
	return lines
}
