package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// rawRow is a row as the pipeline `raw` got it.
type rawRow struct {
	uid, table string
	tenant     string
	arrived    time.Time // zero: the service did not say
	observed   time.Time
	body       pcommon.Map
}

// totalEvent is what the tests look at of a TOTAL event.
type totalEvent struct {
	ID       string `json:"event_id"`
	Type     string `json:"event_type"`
	TUID     string `json:"tuid"`
	DomainID string `json:"domain_id"`
	Payload  struct {
		User   string `json:"user"`
		Action string `json:"action"`
	} `json:"payload"`
	line string
}

// outputs are a file exporter's files: the one at path and those that rotation has put aside.
func outputs(t *testing.T, path string) []string {
	t.Helper()
	extension := filepath.Ext(path)
	aside, err := filepath.Glob(strings.TrimSuffix(path, extension) + "-*" + extension)
	require.NoError(t, err)
	if _, err := os.Stat(path); err == nil {
		aside = append(aside, path)
	}
	return aside
}

// written is the size of a file exporter's files in bytes.
func written(t *testing.T, path string) (size int64) {
	t.Helper()
	for _, file := range outputs(t, path) {
		if info, err := os.Stat(file); err == nil { // it may just be rotated
			size += info.Size()
		}
	}
	return size
}

// objects returns the JSON objects in a file exporter's files, each of which begins with opening, and how many lines
// are broken. The exporter writes an object and its line feed one after the other, and goes on in the same file after
// a restart: where a process was killed, an object may follow a piece of one, or a whole one, on the same line.
func objects(t *testing.T, path, opening string) (found [][]byte, broken int) {
	t.Helper()
	for _, file := range outputs(t, path) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range bytes.SplitSeq(text, []byte("\n")) {
			if len(line) == 0 || json.Valid(line) {
				found = append(found, line)
				continue
			}
			broken++
			for rest := line; len(rest) > 0; {
				end := len(rest)
				if next := bytes.Index(rest[1:], []byte(opening)); next >= 0 {
					end = next + 1
				}
				if json.Valid(rest[:end]) {
					found = append(found, rest[:end])
				}
				rest = rest[end:]
			}
		}
	}
	return slices.DeleteFunc(found, func(object []byte) bool { return len(object) == 0 }), broken
}

// readRaw returns the rows in the files of file/raw, in order within each file.
func readRaw(t *testing.T, path string) (rows []rawRow, broken int) {
	t.Helper()
	found, broken := objects(t, path, `{"resourceLogs":`)
	for _, object := range found {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(object)
		require.NoError(t, err)
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					row := newRawRow(t, record)
					if tenant, ok := resource.Resource().Attributes().Get(logrecord.AttributeTenantID); ok {
						row.tenant = tenant.Str()
					}
					rows = append(rows, row)
				}
			}
		}
	}
	return rows, broken
}

func newRawRow(t *testing.T, record plog.LogRecord) rawRow {
	t.Helper()
	attribute := func(name string) string {
		v, _ := record.Attributes().Get(name)
		return v.AsString()
	}
	r := rawRow{
		uid: attribute(logrecord.AttributeUID), table: attribute(logrecord.AttributeTable),
		observed: record.ObservedTimestamp().AsTime(), body: record.Body().Map(),
	}
	require.NotEmpty(t, r.uid)
	if text := attribute(logrecord.AttributeIngestionTime); text != "" {
		var err error
		r.arrived, err = time.Parse(time.RFC3339Nano, text)
		require.NoError(t, err)
	}
	return r
}

// readTotal returns the events in the files of file/total.
func readTotal(t *testing.T, path string) (events []totalEvent, broken int) {
	t.Helper()
	found, broken := objects(t, path, `{"event_id":`)
	for _, object := range found {
		event := totalEvent{line: string(object)}
		require.NoError(t, json.Unmarshal(object, &event))
		require.NotEmpty(t, event.ID)
		followsSchema(t, object)
		events = append(events, event)
	}
	return events, broken
}

var eventSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "total-event.schema.json"))
})

// followsSchema holds an event against the published schema.
func followsSchema(t *testing.T, object []byte) {
	t.Helper()
	schema, err := eventSchema()
	require.NoError(t, err)
	event, err := jsonschema.UnmarshalJSON(bytes.NewReader(object))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(event), "%s", object)
}

// text is the row's value of a column of text; empty if it has none.
func (r rawRow) text(column string) string {
	if v, ok := r.body.Get(column); ok {
		return v.AsString()
	}
	return ""
}

// eventRows leaves out the rows of directories, which are read anew at each start.
func eventRows(rows []rawRow) []rawRow {
	return slices.DeleteFunc(slices.Clone(rows), func(r rawRow) bool {
		table, ok := tables.ByName(r.table)
		return ok && table.Kind == tables.Directory
	})
}
