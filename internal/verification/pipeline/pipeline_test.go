package pipeline

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
)

const components = `
receivers: {defender: {}, defender/b: {}, otlp: {}}
connectors: {forward: {}, count: {}}
exporters: {kafka: {logs: {topic: t}}, kafka/b: {logs: {topic: u}}, file: {}, debug: {}}
service: {pipelines: `

func configuration(t *testing.T, text string) *confmap.Conf {
	t.Helper()
	var m map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(text), &m))
	return confmap.NewFromStringMap(m)
}

func TestFind(t *testing.T) {
	for name, test := range map[string]struct {
		pipelines string
		choice    Choice
		want      string // receiver, processors, exporter
		err       string
	}{
		"one": {
			"{logs: {receivers: [otlp, defender], processors: [batch, total_normalize], exporters: [debug, file]}}",
			Choice{Exporter: "file"},
			"defender [batch total_normalize] file", "",
		},
		"by kind": {
			"{logs: {receivers: [defender], processors: [total_normalize], exporters: [file]}," +
				" logs/b: {receivers: [defender], processors: [total_normalize/b], exporters: [kafka]}}",
			Choice{Exporter: "kafka"},
			"defender [total_normalize/b] kafka", "",
		},
		"by topic": {
			"{logs: {receivers: [defender], processors: [total_normalize], exporters: [kafka/b]}," +
				" logs/b: {receivers: [defender], processors: [total_normalize/b], exporters: [kafka]}}",
			Choice{Exporter: "kafka", Topic: "u"},
			"defender [total_normalize] kafka/b", "",
		},
		"another topic": {
			"{logs: {receivers: [defender], processors: [total_normalize], exporters: [kafka, file]}}",
			Choice{Exporter: "kafka", Topic: "mirrored"},
			"defender [total_normalize] kafka", "",
		},
		"no exporter of the kind": {
			"{logs: {receivers: [defender], processors: [total_normalize], exporters: [debug]}}",
			Choice{Exporter: "file"},
			"defender [total_normalize] none", "",
		},
		"through a connector": {
			"{logs: {receivers: [defender], processors: [total_normalize], exporters: [forward]}," +
				" logs/b: {receivers: [forward], processors: [filter], exporters: [kafka]}," +
				" logs/c: {receivers: [forward], exporters: [file]}}",
			Choice{Exporter: "kafka"},
			"defender [total_normalize filter] kafka", "",
		},
		"a circle": {
			"{logs: {receivers: [defender, forward], processors: [total_normalize], exporters: [forward, file]}}",
			Choice{Exporter: "file"},
			"defender [total_normalize] file", "",
		},
		"alike": {
			"{logs: {receivers: [defender], processors: [total_normalize], exporters: [file, file/b]}}",
			Choice{Exporter: "file"},
			"defender [total_normalize] file", "",
		},
		"other processors": {
			"{logs: {receivers: [defender], processors: [total_normalize], exporters: [file]}," +
				" logs/b: {receivers: [defender], processors: [total_normalize, filter], exporters: [file]}}",
			Choice{Exporter: "file"},
			"", "choose one with --pipeline",
		},
		"named": {
			"{logs: {receivers: [defender], processors: [total_normalize], exporters: [file]}," +
				" logs/b: {receivers: [defender], processors: [total_normalize, filter], exporters: [file]}}",
			Choice{Exporter: "file", Pipeline: "logs/b"},
			"defender [total_normalize filter] file", "",
		},
		"two receivers": {
			"{logs: {receivers: [defender, defender/b], processors: [total_normalize], exporters: [file]}}",
			Choice{Exporter: "file"},
			"", "choose one with --receiver",
		},
		"a named receiver": {
			"{logs: {receivers: [defender, defender/b], processors: [total_normalize], exporters: [file]}}",
			Choice{Exporter: "file", Receiver: "defender/b"},
			"defender/b [total_normalize] file", "",
		},
		"no events": {"{logs: {receivers: [defender], exporters: [file]}}", Choice{Exporter: "file"}, "", "no total_normalize"},
		"none":      {"{logs: {receivers: [otlp], exporters: [file]}}", Choice{Exporter: "file"}, "", "no logs pipeline"},
		"an export": {"{logs: {receivers: [defender_storage], exporters: [file]}}", Choice{Exporter: "file"}, "", "what defender_storage has read, `defenderctl report` says"},
		"another":   {"{logs: {receivers: [defender, defender_storage], exporters: [file]}}", Choice{Exporter: "file", Receiver: "defender_storage"}, "", "and no blobs"},
		"metrics":   {"{metrics: {receivers: [defender], exporters: [file]}}", Choice{Exporter: "file"}, "", "no logs pipeline"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Find(configuration(t, components+test.pipelines+"}"), test.choice)
			if test.err != "" {
				require.ErrorIs(t, err, ErrChoice)
				assert.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			exporter := "none"
			if r.Exporter != (component.ID{}) {
				exporter = r.Exporter.String()
			}
			assert.Equal(t, test.want, fmt.Sprintf("%v %v %v", r.Receiver, r.Processors, exporter))
		})
	}
}

const processors = `
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 1}
  batch: {}
  total_normalize: {domain_id: d1, storage: file_storage/directories}
  filter: {log_conditions: ["log.body[\"payload\"][\"action\"] == \"LogonFailed\""]}
  broken: {secret: pa55}
  total_normalize/broken: {domain_id: d1, tuid: {unmapped: pa55-w0rd}}
  total_normalize/file: {domain_id: d1, tuid: {mapping_file: /does/not/exist.csv}}
`

var at = time.Date(2026, 3, 15, 8, 45, 12, 0, time.UTC)

func rows(names ...string) plog.Logs {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i, name := range names {
		columns := pcommon.NewMap()
		columns.PutStr("Timestamp", at.Format(time.RFC3339))
		columns.PutStr("AccountName", name)
		columns.PutStr("AccountDomain", "acme")
		columns.PutStr("ActionType", "LogonSuccess")
		if name == "joe" {
			columns.PutStr("ActionType", "LogonFailed")
		}
		logrecord.Fill(records.AppendEmpty(), columns, logrecord.Fields{
			Table: "DeviceLogonEvents", UID: uuid.UUID{byte(i + 1)}, Timestamp: at, Observed: at, IngestionTime: "2026-03-15T08:46:00Z",
		})
	}
	return logs
}

func newChain(t *testing.T, names ...string) (*Chain, *[]comparison.Row, error) {
	t.Helper()
	conf := configuration(t, "receivers: {defender: {}}\nexporters: {file: {}}\n"+processors)
	var got []comparison.Row
	route := Route{}
	for _, name := range names {
		var id component.ID
		require.NoError(t, id.UnmarshalText([]byte(name)))
		route.Processors = append(route.Processors, id)
	}
	c, err := NewChain(t.Context(), conf, route, Settings{
		Telemetry: componenttest.NewNopTelemetrySettings(), Host: componenttest.NewNopHost(),
	})
	if err == nil {
		c.Take = func(r comparison.Row) error {
			got = append(got, r)
			return nil
		}
	}
	return c, &got, err
}

// Rows become events by the processors of the configuration, or are dropped by them.
func TestChain(t *testing.T) {
	c, got, err := newChain(t, "memory_limiter", "total_normalize", "filter", "batch")
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	defer func() { assert.NoError(t, c.Shutdown(t.Context())) }()
	assert.Equal(t, "d1", c.DomainID())
	require.NoError(t, c.ConsumeLogs(t.Context(), rows("jane", "system", "joe")))
	require.Len(t, *got, 3)
	jane := (*got)[0]
	assert.Equal(t, "DeviceLogonEvents", jane.Table)
	assert.Equal(t, at, jane.Time)
	assert.Equal(t, at.Add(48*time.Second), jane.Arrived)
	require.NotNil(t, jane.Event)
	assert.Equal(t, jane.ID, jane.Event.ID)
	assert.Equal(t, "AUTH", jane.Event.Type)
	assert.Nil(t, (*got)[1].Event, "nobody's")
	assert.Nil(t, (*got)[2].Event, "filtered")

	*got = nil
	require.NoError(t, c.ConsumeLogs(t.Context(), rows("system")))
	require.Len(t, *got, 1)
	assert.Nil(t, (*got)[0].Event, "the event of an earlier call is not taken for it")
}

// Directory rows teach the processor, and are no rows to compare.
func TestChainTakesDirectories(t *testing.T) {
	c, got, err := newChain(t, "total_normalize")
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	defer func() { assert.NoError(t, c.Shutdown(t.Context())) }()
	logs := plog.NewLogs()
	columns := pcommon.NewMap()
	columns.PutStr("DeviceId", "d1")
	logrecord.Fill(logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty(), columns,
		logrecord.Fields{Table: "DeviceInfo", UID: uuid.UUID{1}, Timestamp: at, Observed: at})
	require.NoError(t, c.ConsumeLogs(t.Context(), logs))
	assert.Empty(t, *got)
}

func TestChainThatCannotBeMade(t *testing.T) {
	for name, want := range map[string]string{
		"broken":                 "make processors::broken: this build has no processor of this type",
		"total_normalize/broken": "make processors::total_normalize/broken: the collector would refuse its settings",
	} {
		_, _, err := newChain(t, name)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "pa55")
	}
	c, _, err := newChain(t, "total_normalize", "total_normalize/file")
	require.NoError(t, err)
	require.ErrorContains(t, c.Start(t.Context()), "mapping_file")
	assert.NoError(t, c.Shutdown(t.Context()))
}
