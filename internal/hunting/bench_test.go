package hunting

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const benchRows = 100_000

// benchBody is a page of DeviceProcessEvents-like rows with 25 columns.
func benchBody() ([]byte, []tables.Column) {
	process, _ := tables.ByName("DeviceProcessEvents")
	columns := process.Schema.Columns[:25]
	row := map[string]any{}
	var b bytes.Buffer
	b.WriteString(`{"schema":[],"results":[`)
	for i := range benchRows {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, c := range columns {
			switch c.Type {
			case tables.Long, tables.Int:
				row[c.Name] = 18_984_951_960 + i*j
			case tables.DateTime:
				row[c.Name] = "2026-03-15T08:45:12.1234567Z"
			default:
				row[c.Name] = fmt.Sprintf("value %d of %s", i, c.Name)
			}
		}
		row["ProcessCommandLine"] = fmt.Sprintf(`"C:\Program Files\Vendor\app.exe" --type=renderer --id=%d /c "é"`, i)
		line, _ := json.Marshal(row)
		b.Write(line)
	}
	b.WriteString(`]}`)
	return b.Bytes(), columns
}

// BenchmarkDecode puts a page into plog in batches of 5,000, and for comparison decodes it with
// encoding/json, a map a row, in the same run.
func BenchmarkDecode(b *testing.B) {
	body, columns := benchBody()
	endpoint, err := url.Parse("https://hunting.example")
	require.NoError(b, err)
	client := NewClient(Config{Endpoint: endpoint, Tokens: &tokens{}, Client: &http.Client{Transport: service(
		func(*http.Request) (*http.Response, error) {
			resp := answer(http.StatusOK, nil, "")
			resp.Body = io.NopCloser(bytes.NewReader(body))
			return resp, nil
		})}})
	var ours time.Duration
	run := func(name string, decode func() (rows int, err error)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			start := time.Now()
			for b.Loop() {
				n, err := decode()
				require.NoError(b, err)
				require.Equal(b, benchRows, n)
			}
			each := time.Since(start) / time.Duration(b.N)
			b.ReportMetric(float64(each.Nanoseconds())/benchRows, "ns/row")
			if ours == 0 {
				ours = each
			}
			b.ReportMetric(float64(each)/float64(ours), "times-hunting")
		})
	}
	run("hunting", func() (int, error) {
		rows, err := client.Query(b.Context(), "T", columns)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		var records plog.LogRecordSlice
		for n := 0; ; n++ {
			if n%5000 == 0 {
				records = plog.NewLogs().ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
				records.EnsureCapacity(5000)
			}
			ok, err := rows.Next(records.AppendEmpty().Body().SetEmptyMap())
			if !ok {
				return n, err
			}
		}
	})
	run("encodingjson", func() (int, error) {
		dec := json.NewDecoder(bytes.NewReader(body[strings.Index(string(body[:100]), `[{`):]))
		dec.UseNumber()
		if _, err := dec.Token(); err != nil {
			return 0, err
		}
		n := 0
		for ; dec.More(); n++ {
			var row map[string]any
			if err := dec.Decode(&row); err != nil {
				return n, err
			}
		}
		return n, nil
	})
}

// A page has up to 100,000 rows; what is allocated for each is what pdata itself needs.
func TestAllocationsOfARow(t *testing.T) {
	const n = 1000
	cells := make([]string, 25)
	for i := range cells {
		cells[i] = fmt.Sprintf(`"Column%d":"a\\\\b"`, i)
	}
	row := "{" + strings.Join(cells, ",") + "}"
	body := `{"results":[` + strings.Repeat(row+",", n-1) + row + `]}`
	perRow := testing.AllocsPerRun(3, func() {
		rows, err := newTestClient(t, Graph, answering(http.StatusOK, nil, body)).Query(t.Context(), "T", nil)
		require.NoError(t, err)
		defer rows.Close()
		for dst := pcommon.NewMap(); ; {
			ok, err := rows.Next(dst)
			if !ok {
				require.NoError(t, err)
				return
			}
		}
	}) / n
	assert.LessOrEqual(t, perRow, 25.0+3, "a value each, the list of them, their text")
}
