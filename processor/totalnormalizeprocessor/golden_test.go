package totalnormalizeprocessor

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenDirectory is at the root of the repository.
var goldenDirectory = filepath.Join("..", "..", "testdata", "golden")

// Each table with events has testdata/golden/<table>.in.ndjson, lines of {table, uid, row}, and
// .out.ndjson: line by line the resource and body of every event, as the processor hands them on.
func TestGolden(t *testing.T) {
	for _, table := range tables.All() {
		if table.Event == nil {
			continue
		}
		t.Run(table.Name, func(t *testing.T) {
			file := filepath.Join(goldenDirectory, table.Name)
			h := newHarness(t)
			var got bytes.Buffer
			for _, resource := range h.consume(t, goldenRows(t, file+".in.ndjson")...) {
				for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
					line := pcommon.NewValueMap()
					resource.Resource().Attributes().CopyTo(line.Map().PutEmptyMap("resource"))
					record.Body().CopyTo(line.Map().PutEmpty("body"))
					got.WriteString(orderedJSON(t, line) + "\n")
				}
			}
			if *update {
				require.NoError(t, os.WriteFile(file+".out.ndjson", got.Bytes(), 0o600))
			}
			want, err := os.ReadFile(file + ".out.ndjson")
			require.NoError(t, err)
			assert.Equal(t, string(want), got.String())
			assert.Positive(t, h.count("mapped"))
		})
	}
}

// Each table with events has a pair in testdata: a row as the service sends it, and the event that it becomes.
func TestPairs(t *testing.T) {
	pairs := filepath.Join("..", "..", "testdata")
	for _, table := range tables.All() {
		if table.Event == nil {
			continue
		}
		t.Run(table.Name, func(t *testing.T) {
			row, err := os.ReadFile(filepath.Join(pairs, table.Name+".row.json"))
			require.NoError(t, err)
			h := newHarness(t, func(c *Config) { c.TUID.MappingFile = filepath.Join(pairs, "tuids.csv") })
			out := h.consume(t, newRow(table.Name, "", string(row)))
			require.Len(t, out, 1, "%v", h.dropReasons())
			got := orderedJSON(t, out[0].ScopeLogs().At(0).LogRecords().At(0).Body()) + "\n"
			path := filepath.Join(pairs, table.Name+".event.json")
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

// testdata/golden/alerts_v2.in.ndjson has an alert of each kind of the emulator's tenant, as Graph sends it.
func TestGoldenAlertsOfGraph(t *testing.T) {
	file := filepath.Join(goldenDirectory, event.TableAlertsV2)
	content, err := os.ReadFile(file + ".in.ndjson")
	require.NoError(t, err)
	var got bytes.Buffer
	h := graphHarness(t)
	for line := range strings.Lines(string(content)) {
		for _, resource := range h.graphAlerts(t, newAlert(t, line)) {
			for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
				got.WriteString(orderedJSON(t, record.Body()) + "\n")
			}
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(file+".out.ndjson", got.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file + ".out.ndjson")
	require.NoError(t, err)
	assert.Equal(t, string(want), got.String())
}

func goldenRows(tb testing.TB, path string) []plog.LogRecord {
	tb.Helper()
	content, err := os.ReadFile(path)
	require.NoError(tb, err)
	var rows []plog.LogRecord
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		var line struct {
			Table, UID string
			Row        json.RawMessage
		}
		require.NoError(tb, json.Unmarshal(lines.Bytes(), &line))
		rows = append(rows, newRow(line.Table, line.UID, string(line.Row)))
	}
	return rows
}
