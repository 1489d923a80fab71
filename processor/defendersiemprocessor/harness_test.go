package defendersiemprocessor

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

const tenantID = "11111111-2222-4333-8444-555555555555"

var storageID = component.MustNewIDWithName("file_storage", "siem")

// object is a JSON object.
type object = map[string]any

// readObject decodes an object as the receiver does: numbers that are whole are integers.
func readObject(t *testing.T, text []byte) object {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var o object
	require.NoError(t, decoder.Decode(&o))
	return exact(o).(object)
}

func exact(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		fraction, _ := value.Float64()
		return fraction
	case object:
		for key, below := range value {
			value[key] = exact(below)
		}
	case []any:
		for i, below := range value {
			value[i] = exact(below)
		}
	}
	return value
}

// documented is the alert that Microsoft's documents show, with shorter links and description.
func documented(t *testing.T) object {
	t.Helper()
	text, err := os.ReadFile("testdata/alert.json")
	require.NoError(t, err)
	return readObject(t, text)
}

// with is a copy of an alert with other properties.
func with(alert, changes object) object {
	copied := maps.Clone(alert)
	maps.Copy(copied, changes)
	return copied
}

// logsOf are records as the receiver gives them.
func logsOf(t *testing.T, alerts ...object) plog.Logs {
	t.Helper()
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr(logrecord.AttributeTenantID, tenantID)
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for _, alert := range alerts {
		record := records.AppendEmpty()
		record.SetEventName(logrecord.EventAlertV2)
		record.Attributes().PutStr(logrecord.AttributeUID, "of the version")
		record.Attributes().PutStr(logrecord.AttributeAlertID, "an alert")
		require.NoError(t, record.Body().SetEmptyMap().FromRaw(alert))
	}
	return logs
}

// sink takes what the processor hands on, or refuses it.
type sink struct {
	mu      sync.Mutex // guards everything below
	refusal error
	calls   []plog.Logs
}

func (*sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (s *sink) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusal != nil {
		return s.refusal
	}
	s.calls = append(s.calls, logs)
	return nil
}

func (s *sink) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = err
}

// records are all that were accepted.
func (s *sink) records() []plog.LogRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []plog.LogRecord
	for _, logs := range s.calls {
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					all = append(all, record)
				}
			}
		}
	}
	return all
}

// bodies are those of all records of the former API.
func (s *sink) bodies() []object {
	var all []object
	for _, record := range s.records() {
		if record.EventName() == logrecord.EventSIEMAlert {
			all = append(all, record.Body().Map().AsRaw())
		}
	}
	return all
}

// take empties the sink.
func (s *sink) take() []object {
	bodies := s.bodies()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
	return bodies
}

// start starts a processor. Without a storage it keeps nothing.
func start(t *testing.T, storage *collector.Storage, changes ...func(*Config)) (*siem, *sink) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	if storage != nil {
		cfg.StorageID = &storageID
	}
	for _, change := range changes {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	next := new(sink)
	p, err := newProcessor(processortest.NewNopSettings(typ), cfg, next, time.Now)
	require.NoError(t, err)
	at := componenttest.NewNopHost()
	if storage != nil {
		at = collector.Extensions{storageID: storage}
	}
	require.NoError(t, p.Start(t.Context(), at))
	t.Cleanup(func() { require.NoError(t, p.Shutdown(context.Background())) })
	return p, next
}

// convert is what a new processor makes of alerts.
func convert(t *testing.T, alerts []object, changes ...func(*Config)) []object {
	t.Helper()
	p, next := start(t, nil, changes...)
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, alerts...)))
	return next.bodies()
}
