package totalnormalizeprocessor

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Records that nobody here wrote: one or many envelopes of the Streaming API, or rows of DeviceEvents
// one a line. The log shows each before and after.
func TestRealRows(t *testing.T) {
	path := os.Getenv("DEFENDER_SAMPLE_ROWS")
	if path == "" {
		t.Skip("DEFENDER_SAMPLE_ROWS names no file: give it the path of hunting rows, one JSON object a line, or of Streaming API records")
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	h := newHarness(t)
	for _, record := range realRecords(t, text) {
		t.Log("before: ", orderedJSON(t, record.Body()))
		before := h.in
		events, reasons := 0, h.dropReasons()
		for _, resource := range h.consume(t, record) {
			for _, event := range resource.ScopeLogs().At(0).LogRecords().All() {
				t.Log("after:  ", orderedJSON(t, event.Body()))
				events++
			}
		}
		require.Equal(t, before+1, h.in)
		if events == 0 {
			for reason, n := range h.dropReasons() {
				if n > reasons[reason] {
					t.Log("dropped:", reason)
				}
			}
		}
	}
	assert.Positive(t, h.in)
}

// realRecords takes text for envelopes, where it has one, else for lines of rows.
func realRecords(t *testing.T, text []byte) []plog.LogRecord {
	t.Helper()
	var records []plog.LogRecord
	for d := streaming.NewDecoder(bytes.NewReader(text)); ; {
		row, err := d.Next()
		var bad *streaming.RecordError
		switch {
		case errors.As(err, &bad):
			continue
		case errors.Is(err, io.EOF):
			if len(records) == 0 {
				records = rowLines(t, text)
			}
			return records
		}
		require.NoError(t, err)
		record := plog.NewLogRecord()
		row.MoveTo(record, row.Received)
		records = append(records, record)
	}
}

func rowLines(t *testing.T, text []byte) []plog.LogRecord {
	t.Helper()
	var records []plog.LogRecord
	for line := range bytes.Lines(text) {
		record := newRow("DeviceEvents", "", string(line))
		// The data set writes these two as its own columns.
		for from, to := range map[string]string{"ReportId_long": tables.ReportIDColumn, "AdditionalFields_string": "AdditionalFields"} {
			if v, ok := record.Body().Map().Get(from); ok && v.Type() != pcommon.ValueTypeEmpty {
				v.CopyTo(record.Body().Map().PutEmpty(to))
			}
		}
		records = append(records, record)
	}
	return records
}
