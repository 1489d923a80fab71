package detectionrateconnector

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

var storageID = component.MustNewIDWithName("file_storage", "rate")

// object is a JSON object.
type object = map[string]any

// meter is a pipeline of metrics that keeps the last figures.
type meter struct {
	mu      sync.Mutex // guards everything below
	last    map[string]float64
	calls   int
	refusal error
}

func (*meter) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (m *meter) ConsumeMetrics(_ context.Context, metrics pmetric.Metrics) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refusal != nil {
		return m.refusal
	}
	m.calls++
	m.last = map[string]float64{}
	for _, resource := range metrics.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				for _, point := range metric.Gauge().DataPoints().All() {
					m.last[seriesOf(metric.Name(), point.Attributes())] = value(point)
				}
			}
		}
	}
	return nil
}

// seriesOf names a series: the metric, and the values of its attributes.
func seriesOf(name string, attributes pcommon.Map) string {
	parts := []string{name}
	for _, v := range attributes.All() {
		parts = append(parts, v.AsString())
	}
	return strings.Join(parts, "/")
}

func value(p pmetric.NumberDataPoint) float64 {
	if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
		return float64(p.IntValue())
	}
	return p.DoubleValue()
}

// refuse answers calls with an error from now on; nil: it takes them again.
func (m *meter) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusal = err
}

// figures are the last ones.
func (m *meter) figures() map[string]float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.last)
}

// stage is a connector with a pipeline behind each signal.
type stage struct {
	t       *testing.T
	metrics *meter
	logs    *collector.Sink
	members []connector.Logs
}

// start starts a connector as the Collector does. Without a storage it keeps nothing. now nil: the real time.
func start(t *testing.T, storage *collector.Storage, now func() time.Time, changes ...func(*Config)) *stage {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	if storage != nil {
		cfg.StorageID = &storageID
	}
	for _, change := range changes {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	if now == nil {
		now = time.Now
	}
	f := &factory{cores: map[*Config]*core{}, now: now}
	set := connectortest.NewNopSettings(typ)
	s := &stage{t: t, metrics: new(meter), logs: new(collector.Sink)}
	one, err := f.createMetrics(t.Context(), set, cfg, s.metrics)
	require.NoError(t, err)
	other, err := f.createLogs(t.Context(), set, cfg, s.logs)
	require.NoError(t, err)
	s.members = []connector.Logs{one, other}
	host := componenttest.NewNopHost()
	if storage != nil {
		host = collector.Extensions{storageID: storage}
	}
	for _, m := range s.members {
		require.NoError(t, m.Start(t.Context(), host))
	}
	t.Cleanup(s.stop)
	return s
}

// stop ends the connector, which does a last round. A second time does nothing.
func (s *stage) stop() {
	for _, m := range s.members {
		require.NoError(s.t, m.Shutdown(context.Background()))
	}
}

// give hands logs to all signals, as the Collector does.
func (s *stage) give(logs plog.Logs) error {
	for _, m := range s.members {
		if err := m.ConsumeLogs(s.t.Context(), logs); err != nil {
			return err
		}
	}
	return nil
}

// told are the bodies of the records, the last one of each execution, and how many there were.
func (s *stage) told() (last map[string]object, count int) {
	last = map[string]object{}
	for _, r := range s.logs.Records() {
		body := r.Body()
		last[body["execution_id"].(string)] = body
	}
	return last, s.logs.Count()
}

// executionOf is a record of an execution in the form of attributes.
func executionOf(tb testing.TB, id string, completed time.Time, attributes object) plog.LogRecord {
	tb.Helper()
	r := plog.NewLogRecord()
	r.SetEventName("security.test.execution")
	r.SetTimestamp(pcommon.NewTimestampFromTime(completed))
	all := object{
		"security.test.execution.id": id, "security.test.id": testID, "security.test.techniques": []any{"T1059.001"},
		"security.test.exit_code": int64(101), "host.name": "PC1",
	}
	maps.Copy(all, attributes)
	require.NoError(tb, r.Attributes().FromRaw(all))
	return r
}

const testID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

// alertOf is a record of a version of an alert.
func alertOf(tb testing.TB, id string, created, updated time.Time, body object) plog.LogRecord {
	tb.Helper()
	r := plog.NewLogRecord()
	r.SetEventName(logrecord.EventAlertV2)
	all := object{
		"id": id, "createdDateTime": created.UTC().Format(time.RFC3339Nano), "lastUpdateDateTime": updated.UTC().Format(time.RFC3339Nano),
		"mitreTechniques": []any{"T1059"}, "evidence": []any{},
	}
	maps.Copy(all, body)
	require.NoError(tb, r.Body().SetEmptyMap().FromRaw(all))
	return r
}

// evidenceOf is the evidence of a device and a file.
func evidenceOf(host, file string) []any {
	return []any{
		object{"@odata.type": "#microsoft.graph.security.deviceEvidence", "deviceDnsName": host},
		object{"@odata.type": "#microsoft.graph.security.fileEvidence", "fileDetails": object{"fileName": file, "filePath": `C:\F0`}},
	}
}

// batchOf are records of one call.
func batchOf(records ...plog.LogRecord) plog.Logs {
	logs := plog.NewLogs()
	all := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, r := range records {
		r.CopyTo(all.AppendEmpty())
	}
	return logs
}

func settingsOf() connector.Settings { return connectortest.NewNopSettings(typ) }
