package hunting

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// benchRows are the rows of a page that is decoded; a smaller one shows less of what collecting the garbage costs.
const benchRows = 20_000

// benchTables are those of which the most rows come.
var benchTables = []string{"DeviceLogonEvents", "DeviceProcessEvents"}

// benchBody is a page of rows like the table's sample in testdata. Times, numbers and hashes differ from row to row.
func benchBody(tb testing.TB, table string, rows int) ([]byte, []tables.Column) {
	tb.Helper()
	declared, ok := tables.ByName(table)
	require.True(tb, ok)
	text, err := os.ReadFile("../../testdata/" + table + ".row.json")
	require.NoError(tb, err)
	var sample bytes.Buffer
	require.NoError(tb, json.Compact(&sample, text))
	var body bytes.Buffer
	body.WriteString(`{"schema":[],"results":[`)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		if i > 0 {
			body.WriteByte(',')
		}
		row := bytes.ReplaceAll(sample.Bytes(), []byte("2026-03-15T"), fmt.Appendf(nil, "2026-%02d-%02dT", 1+r.IntN(12), 1+r.IntN(28)))
		row = bytes.ReplaceAll(row, []byte("20000000001"), strconv.AppendInt(nil, 18_984_951_960+int64(i), 10))
		body.Write(bytes.ReplaceAll(row, []byte("a806"), fmt.Appendf(nil, "%04x", r.IntN(1<<16))))
	}
	body.WriteString(`]}`)
	return body.Bytes(), declared.Columns()
}

// newRecords gives room for a batch.
func newRecords() plog.LogRecordSlice {
	records := plog.NewLogs().ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.EnsureCapacity(benchBatch)
	return records
}

const benchBatch = 1000

// BenchmarkDecode puts a page into plog: by this package; as one commonly does it, with encoding/json into a map and
// FromRaw, whole or row by row; and by a decoder for just these bytes that checks nothing, which is about the least that
// the same plog can cost.
func BenchmarkDecode(b *testing.B) {
	for _, table := range benchTables {
		body, columns := benchBody(b, table, benchRows)
		for _, way := range []struct {
			name   string
			decode func() (int, plog.LogRecordSlice, error)
		}{
			{"ours", func() (int, plog.LogRecordSlice, error) { return decodeOurs(b, body, columns) }},
			{"bound", func() (int, plog.LogRecordSlice, error) { return decodeBound(body) }},
			{"maps-rows", func() (int, plog.LogRecordSlice, error) { return decodeRowByRow(body) }},
			{"maps", func() (int, plog.LogRecordSlice, error) { return decodeWhole(body) }},
		} {
			b.Run("table="+table+"/way="+way.name, func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				allocated, start := allocations(), cpuTime(b)
				for b.Loop() {
					n, _, err := way.decode()
					require.NoError(b, err)
					require.Equal(b, benchRows, n)
				}
				rows := float64(b.N) * benchRows
				b.ReportMetric(float64(cpuTime(b)-start)/rows, "cpu-ns/row")
				b.ReportMetric(float64(allocations()-allocated)/rows, "allocs/row")
			})
		}
	}
}

// cpuTime is what the process has used, the collector of garbage included.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// allocations is how many there were.
func allocations() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

func decodeOurs(tb testing.TB, body []byte, columns []tables.Column) (int, plog.LogRecordSlice, error) {
	tb.Helper()
	client := newTestClient(tb, Graph, func(*http.Request) (*http.Response, error) {
		resp := answer(http.StatusOK, nil, "")
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, nil
	})
	rows, err := client.Query(tb.Context(), "T", columns)
	if err != nil {
		return 0, plog.LogRecordSlice{}, err
	}
	defer rows.Close()
	var records plog.LogRecordSlice
	for n := 0; ; n++ {
		if n%benchBatch == 0 {
			records = newRecords()
		}
		ok, err := rows.Next(records.AppendEmpty().Body().SetEmptyMap())
		if !ok {
			return n, records, err
		}
	}
}

func decodeRowByRow(body []byte) (int, plog.LogRecordSlice, error) {
	_, results, _ := bytes.Cut(body, []byte(`[{`))
	dec := json.NewDecoder(io.MultiReader(strings.NewReader(`[{`), bytes.NewReader(results)))
	dec.UseNumber()
	var records plog.LogRecordSlice
	if _, err := dec.Token(); err != nil {
		return 0, records, err
	}
	n := 0
	for ; dec.More(); n++ {
		var row map[string]any
		if err := dec.Decode(&row); err != nil {
			return n, records, err
		}
		if n%benchBatch == 0 {
			records = newRecords()
		}
		if err := fromRaw(records, row); err != nil {
			return n, records, err
		}
	}
	return n, records, nil
}

func decodeWhole(body []byte) (int, plog.LogRecordSlice, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var answer struct {
		Results []map[string]any `json:"results"`
	}
	if err := dec.Decode(&answer); err != nil {
		return 0, plog.LogRecordSlice{}, err
	}
	var records plog.LogRecordSlice
	for n, row := range answer.Results {
		if n%benchBatch == 0 {
			records = newRecords()
		}
		if err := fromRaw(records, row); err != nil {
			return n, records, err
		}
	}
	return len(answer.Results), records, nil
}

// fromRaw adds a record. Numbers become integers first, for FromRaw knows no json.Number.
func fromRaw(records plog.LogRecordSlice, row map[string]any) error {
	for name, value := range row {
		if number, is := value.(json.Number); is {
			n, err := number.Int64()
			if err != nil {
				return err
			}
			row[name] = n
		}
	}
	return records.AppendEmpty().Body().SetEmptyMap().FromRaw(row)
}

// boundCell is a value of a row: a text where isText says so, whose end in the row's texts is to.
type boundCell struct {
	kind pcommon.ValueType
	n    int64
	to   int
}

// decodeBound knows that rows have no blanks, no nested values and the same keys in the same order, and that escape
// sequences are of two bytes.
func decodeBound(body []byte) (int, plog.LogRecordSlice, error) {
	var (
		records plog.LogRecordSlice
		names   []string
		text    []byte
		cells   []boundCell
		n       int
	)
	for i := bytes.Index(body, []byte(`[{`)) + 1; body[i] == '{'; n++ {
		if n%benchBatch == 0 {
			records = newRecords()
		}
		text, cells = text[:0], cells[:0]
		for body[i] != '}' {
			i += 2 // the bracket or comma, and the quote
			if len(cells) == len(names) {
				names = append(names, string(body[i:i+bytes.IndexByte(body[i:], '"')]))
			}
			i += len(names[len(cells)]) + 2
			var c boundCell
			c, text, i = boundValue(body, i, text)
			cells = append(cells, c)
		}
		i += 2
		putBound(records.AppendEmpty().Body().SetEmptyMap(), names, cells, string(text))
	}
	return n, records, nil
}

// boundValue reads a value. A text is appended.
func boundValue(body []byte, i int, text []byte) (boundCell, []byte, int) {
	switch body[i] {
	case '"':
		for i++; ; {
			end := i + bytes.IndexByte(body[i:], '"')
			escape := bytes.IndexByte(body[i:end], '\\')
			if escape < 0 {
				text = append(text, body[i:end]...)
				return boundCell{kind: pcommon.ValueTypeStr, to: len(text)}, text, end + 1
			}
			text = append(append(text, body[i:i+escape]...), body[i+escape+1])
			i += escape + 2
		}
	case 't':
		return boundCell{kind: pcommon.ValueTypeBool, n: 1, to: len(text)}, text, i + 4
	case 'f':
		return boundCell{kind: pcommon.ValueTypeBool, to: len(text)}, text, i + 5
	default:
		c := boundCell{kind: pcommon.ValueTypeInt, to: len(text)}
		for ; '0' <= body[i] && body[i] <= '9'; i++ {
			c.n = 10*c.n + int64(body[i]-'0')
		}
		return c, text, i
	}
}

func putBound(dst pcommon.Map, names []string, cells []boundCell, text string) {
	dst.EnsureCapacity(len(cells))
	from := 0
	for i, c := range cells {
		switch c.kind {
		case pcommon.ValueTypeBool:
			dst.PutBool(names[i], c.n == 1)
		case pcommon.ValueTypeInt:
			dst.PutInt(names[i], c.n)
		default:
			dst.PutStr(names[i], text[from:c.to])
		}
		from = c.to
	}
}

// What is compared must do the same.
func TestBenchmarkedDecodersAgree(t *testing.T) {
	const rows = benchBatch - 1
	for _, table := range benchTables {
		body, columns := benchBody(t, table, rows)
		n, ours, err := decodeOurs(t, body, columns)
		require.NoError(t, err)
		require.Equal(t, rows, n)
		for name, decode := range map[string]func([]byte) (int, plog.LogRecordSlice, error){
			"bound": decodeBound, "rows": decodeRowByRow, "whole": decodeWhole,
		} {
			n, theirs, err := decode(body)
			require.NoError(t, err, name)
			require.Equal(t, rows, n, name)
			require.Equal(t, rows, theirs.Len(), name)
			for i := range rows {
				require.True(t, ours.At(i).Body().Map().Equal(theirs.At(i).Body().Map()), name)
			}
		}
	}
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
	assert.LessOrEqual(t, perRow, 25.0+2.5, "a value each, the list of them, their text")
}
