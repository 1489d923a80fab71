package ndjsonencodingextension

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/kafkaexporter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// nasty are bodies with what breaks encodings.
var nasty = []map[string]any{
	{"id": int64(math.MaxInt64), "least": int64(math.MinInt64), "beyond": int64(1<<53 + 1)},
	{"command_line": "powershell -c \"<a> & 'b' > c\"\r\nline two\u2028three\u2029\u0085\x00\x1b[31m"},
	{"path": `\\?\C:\Windows\`, "emoji": "🔒 日本", "rtl": "\u202egpj.exe", "json": `{"a":1}`},
	{"nested": map[string]any{"list": []any{nil, true, int64(1) << 62, 1e21, 1.5, map[string]any{"": ""}}}},
	{"details": []any{}, "empty": map[string]any{}, "null": nil},
}

// The real Kafka exporter: `raw` gives a message for each event, ndjson_encoding a line for each. Either way the
// values come out as they went in.
func TestKafkaExporterKeepsValues(t *testing.T) {
	for _, tt := range []struct {
		encoding string
		messages int
		escaped  bool // < > & as \u003c and so on, which says the same
	}{
		{"raw", len(nasty), true},
		{"ndjson_encoding", 1, false},
	} {
		t.Run(tt.encoding, func(t *testing.T) {
			values := throughKafka(t, tt.encoding)
			require.Len(t, values, tt.messages)
			lines := bytes.Split(bytes.Join(values, []byte("\n")), []byte("\n"))
			require.Len(t, lines, len(nasty), "one line an event, whatever it holds")
			for i, line := range lines {
				want, err := json.Marshal(nasty[i])
				require.NoError(t, err)
				assert.Equal(t, exact(t, want), exact(t, line))
			}
			assert.Equal(t, tt.escaped, bytes.Contains(lines[1], []byte(`\u003c`)))
			assert.Equal(t, !tt.escaped, bytes.Contains(lines[1], []byte("<a> & 'b' > c")))
		})
	}
}

// exact decodes without making floats of integers.
func exact(t *testing.T, text []byte) (value any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&value), "%s", text)
	return value
}

// throughKafka sends the nasty bodies, all of one resource, and returns the messages that came of it.
func throughKafka(t *testing.T, encodingName string) (values [][]byte) {
	t.Helper()
	const topic = "events"
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	require.NoError(t, err)
	defer cluster.Close()

	factory := kafkaexporter.NewFactory()
	config := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"brokers": cluster.ListenAddrs(), "logs": map[string]any{"topic": topic, "encoding": encodingName},
		"partition_logs_by_resource_attributes": true, "sending_queue": map[string]any{"enabled": false},
	}).Unmarshal(config))
	exporter, err := factory.CreateLogs(t.Context(), exportertest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	id := component.NewID(NewFactory().Type())
	extension, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(id.Type()), createDefaultConfig())
	require.NoError(t, err)
	host := collector.Extensions{id: extension}
	require.NoError(t, exporter.Start(t.Context(), host))
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, body := range nasty {
		require.NoError(t, records.AppendEmpty().Body().FromRaw(body))
	}
	require.NoError(t, exporter.ConsumeLogs(t.Context(), logs))
	require.NoError(t, exporter.Shutdown(t.Context()))

	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	require.NoError(t, err)
	defer client.Close()
	fetches := client.PollFetches(t.Context()) // all of it was produced in one batch
	require.NoError(t, fetches.Err())
	fetches.EachRecord(func(record *kgo.Record) { values = append(values, record.Value) })
	return values
}
