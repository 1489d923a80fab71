package defendersiemprocessor

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/extension/ndjsonencodingextension"
)

// ndjson is what the ndjson_encoding extension writes.
func ndjson(t *testing.T, logs plog.Logs) []byte {
	t.Helper()
	factory := ndjsonencodingextension.NewFactory()
	encoding, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig())
	require.NoError(t, err)
	require.NoError(t, encoding.Start(t.Context(), componenttest.NewNopHost()))
	text, err := encoding.(plog.Marshaler).MarshalLogs(logs)
	require.NoError(t, err)
	return text
}

// The alert of Microsoft's documents gives the record byte for byte, but for blanks between keys and values.
func TestDocumentedAlert(t *testing.T) {
	want, err := os.ReadFile("testdata/siem-example.ndjson")
	require.NoError(t, err)
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, want))

	p, next := start(t, nil)
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, documented(t))))
	require.Len(t, next.calls, 1)
	assert.Equal(t, compact.String(), string(bytes.TrimSpace(ndjson(t, next.calls[0]))))
}

// The names and their order are those of the mapping.
func TestNames(t *testing.T) {
	file, err := os.Open("testdata/siem-mapping.csv")
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 51)

	for column, names := range map[int]Names{1: NamesDocumented, 2: NamesWire} {
		p, next := start(t, nil, func(c *Config) { c.Names = names })
		require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, documented(t))))
		require.Len(t, next.records(), 1)
		var got, want []string
		for name := range next.records()[0].Body().Map().All() {
			got = append(got, name)
		}
		for _, row := range rows[1:] {
			want = append(want, row[column])
		}
		assert.Equal(t, want, got, names)
	}
}
