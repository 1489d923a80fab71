package hunting

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const (
	graphAnswer = `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults",
"schema":[{"name":"Timestamp","type":"DateTime"},{"name":"FileName","type":"String"}],
"results":[{"Timestamp":"2024-03-26T09:39:50.7688641Z","FileName":"cmd.exe"}, {"Timestamp":"2024-03-26T09:39:51Z","FileName":""}]}
`
	legacyAnswer = `{"Stats":{"ExecutionTime":4.621215,"resource_usage":{"cpu":{"user":"00:00:19.0468750","kernel":"00:00:00.0156250","total cpu":"00:00:19.0625000"},
"memory":{"peak_per_node":236822432}},"dataset_statistics":[{"table_row_count":2,"table_size":102}]},
"Schema":[{"Name":"Timestamp","Type":"DateTime"},{"Name":"FileName","Type":"String"}],
"Results":[{"Timestamp":"2024-03-26T09:39:50.7688641Z","FileName":"cmd.exe"},{"Timestamp":"2024-03-26T09:39:51Z","FileName":""}]}`
)

func TestBothEnvelopes(t *testing.T) {
	statsLast := legacyAnswer[:1] + legacyAnswer[strings.Index(legacyAnswer, `"Schema"`):len(legacyAnswer)-1] + "," +
		strings.TrimSuffix(strings.TrimSpace(legacyAnswer[1:strings.Index(legacyAnswer, `"Schema"`)]), ",") + "}"
	for name, body := range map[string]string{"graph": graphAnswer, "legacy": legacyAnswer, "stats last": statsLast} {
		t.Run(name, func(t *testing.T) {
			all, rows, err := read(t, body)
			require.NoError(t, err)
			assert.Equal(t, []map[string]any{
				{"Timestamp": "2024-03-26T09:39:50.7688641Z", "FileName": "cmd.exe"},
				{"Timestamp": "2024-03-26T09:39:51Z", "FileName": ""},
			}, all)
			assert.Equal(t, []Column{{"Timestamp", "DateTime"}, {"FileName", "String"}}, rows.Columns())
			stats := rows.Stats()
			assert.EqualValues(t, 2, stats.Rows)
			assert.EqualValues(t, len(body), stats.Bytes)
			assert.Equal(t, name != "graph", stats.HasCPU)
			if stats.HasCPU {
				assert.Equal(t, 19062500*time.Microsecond, stats.CPU)
			}
		})
	}
}

func TestTimeSpans(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"00:00:19.0625000": 19062500 * time.Microsecond, "1.02:03:04": 26*time.Hour + 3*time.Minute + 4*time.Second, "00:00:00": 0,
	} {
		got, err := parseTimeSpan(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", "19", "a:b:c", "00:60:00", "00:00:60", "00:00:-1", "24:00:00", "99999999.00:00:00"} {
		_, err := parseTimeSpan(text)
		assert.Error(t, err, text)
	}
}

// A position is taken from the rows that came, so an answer that breaks off anywhere must say so, and
// give no row that was not whole.
func TestBrokenOffAtEveryByte(t *testing.T) {
	whole, _, err := read(t, graphAnswer)
	require.NoError(t, err)
	complete := len(strings.TrimSpace(graphAnswer))
	for n := range complete {
		all, _, err := read(t, graphAnswer[:n])
		want := Interrupted
		if n == 0 {
			want = Unexpected // nothing came that could break off
		}
		require.Equal(t, want, kindOf(t, err), "%d bytes", n)
		_, results, _ := strings.Cut(graphAnswer[:n], `"results"`)
		require.Len(t, all, strings.Count(results, "}"), "%d bytes", n)
		for i, row := range all {
			require.Equal(t, whole[i], row)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for name, body := range map[string]string{
		"no results":       `{"schema":[]}`,
		"null results":     `{"results":null}`,
		"results twice":    `{"results":[],"results":[]}`,
		"trailing garbage": `{"results":[]} x`,
		"second answer":    `{"results":[]}{"results":[]}`,
		"row is no object": `{"results":[1]}`,
		"null row":         `{"results":[null]}`,
		"bad literal":      `{"results":[{"A":nul}]}`,
		"bad number":       `{"results":[{"A":007}]}`,
		"NaN":              `{"results":[{"A":NaN}]}`,
		"control char":     "{\"results\":[{\"A\":\"\x01\"}]}",
		"bad escape":       `{"results":[{"A":"\q"}]}`,
		"schema of text":   `{"schema":"x","results":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			all, rows, err := read(t, body)
			assert.Equal(t, Interrupted, kindOf(t, err))
			assert.Empty(t, all)
			ok, again := rows.Next(pcommon.NewMap())
			assert.False(t, ok)
			assert.Equal(t, err, again, "it stays an error")
		})
	}
}

func TestValues(t *testing.T) {
	for value, want := range map[string]any{
		`"text"`: "text", `""`: "", `"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`: "a\"\\/\b\f\n\r\té😀", `"\u0000"`: "\x00",
		`0`: int64(0), `-0`: int64(0), `9007199254740993`: int64(9007199254740993),
		`9223372036854775807`: int64(math.MaxInt64), `-9223372036854775808`: int64(math.MinInt64),
		`9223372036854775808`: "9223372036854775808", `-9223372036854775809`: "-9223372036854775809",
		`123456789012345678901234567890`: "123456789012345678901234567890",
		`1.5`:                            1.5, `1e3`: 1000.0, `-2.5E-1`: -0.25, `1e999`: "1e999",
		`true`: true, `false`: false,
		`[]`: []any{}, `["a",1,null,{"b":{}}]`: []any{"a", int64(1), nil, map[string]any{"b": map[string]any{}}},
		`{"a":{"b":[1.5,9223372036854775808]},"c@odata.type":"#Int64"}`: map[string]any{"a": map[string]any{"b": []any{1.5, "9223372036854775808"}}},
		`{"a":1,"a":null}`:          map[string]any{"a": nil},
		`{"a":{"x":1},"a":{"y":2}}`: map[string]any{"a": map[string]any{"y": int64(2)}},
		`"{}"`:                      "{}", `"null"`: "null",
	} {
		all, rows, err := read(t, `{"results":[{"V":`+value+`}]}`)
		require.NoError(t, err, value)
		assert.Equal(t, []map[string]any{{"V": want}}, all, value)
		assert.Zero(t, rows.Stats().Repaired, value)
	}
	for _, null := range []string{`null`, `{}`, "{ \n}"} {
		for _, typ := range []tables.Type{tables.String, tables.Bool, tables.Dynamic, tables.JSON} {
			all, _, err := read(t, `{"results":[{"V":`+null+`}]}`, tables.Column{Name: "V", Type: typ})
			require.NoError(t, err)
			assert.Equal(t, []map[string]any{{}}, all, null)
		}
	}
}

func TestBoolColumns(t *testing.T) {
	for want, forms := range map[any][]string{
		true:         {`true`, `1`, `"1"`, `"true"`, `"True"`, `"TRUE"`, `1.0`, `" true "`},
		false:        {`false`, `0`, `"0"`, `"false"`, `"False"`, `0.0`, `-0`},
		"":           {`""`},
		"unknown":    {`"unknown"`},
		int64(2):     {`2`},
		"0x1":        {`"0x1"`},
		float64(1.5): {`1.5`},
	} {
		for _, form := range forms {
			all, _, err := read(t, `{"results":[{"IsLocalAdmin":`+form+`}]}`, tables.Column{Name: "IsLocalAdmin", Type: tables.Bool})
			require.NoError(t, err)
			assert.Equal(t, []map[string]any{{"IsLocalAdmin": want}}, all, form)
		}
	}
	all, _, err := read(t, `{"results":[{"A":"true","B":1}]}`, tables.Column{Name: "A", Type: tables.String})
	require.NoError(t, err)
	assert.Equal(t, []map[string]any{{"A": "true", "B": int64(1)}}, all, "only where declared")
}

func TestKeys(t *testing.T) {
	declared := []tables.Column{
		{Name: "LogonId", Type: tables.Long}, {Name: "LogonID", Type: tables.Long}, {Name: "RemoteIP"}, {Name: "SHA1"}, {Name: "IsSigned", Type: tables.Bool},
	}
	for row, want := range map[string]map[string]any{
		`{"LogonId":1,"LogonID":2}`: {"LogonId": int64(1), "LogonID": int64(2)},
		`{"LogonID":2,"LogonId":1}`: {"LogonId": int64(1), "LogonID": int64(2)},
		`{"logonId":1}`:             {"logonId": int64(1)}, // could be either
		`{"remoteIP":"a","sha1":"b","isSigned":"1","deviceId":3}`: {"RemoteIP": "a", "SHA1": "b", "IsSigned": true, "DeviceId": int64(3)},
		`{"Remoteip":"a","other":1}`:                              {"Remoteip": "a", "other": int64(1)},
		`{"A":1,"A":2}`:                                           {"A": int64(2)},
		`{"A":1,"A":null}`:                                        {},
		`{"A":null,"A":1}`:                                        {"A": int64(1)},
		`{"A":{"x":1},"A":"y","A":{"z":1}}`:                       {"A": map[string]any{"z": int64(1)}},
		`{"A@odata.type":"#Int64","A":1,"@odata.id":{"x":[1]}}`:   {"A": int64(1)},
		`{"":1,"\u0041":2}`:                                       {"": int64(1), "A": int64(2)},
		`{}`:                                                      {},
	} {
		all, _, err := read(t, `{"schema":[{"name":"DeviceId","type":"String"}],"results":[`+row+`]}`, declared...)
		require.NoError(t, err, row)
		assert.Equal(t, []map[string]any{want}, all, row)
	}
	// A column that is not asked for is never taken for one that is.
	all, _, err := read(t, `{"results":[{"LogonID":2,"LogonId":1}]}`, tables.Column{Name: "LogonId"})
	require.NoError(t, err)
	assert.Equal(t, []map[string]any{{"LogonID": int64(2), "LogonId": int64(1)}}, all)
	// Rows differ in their keys.
	all, _, err = read(t, `{"results":[{"A":1,"B":2},{"B":3},{"B":4,"A":5},{"C":6,"A":7}]}`)
	require.NoError(t, err)
	assert.Equal(t, []map[string]any{{"A": int64(1), "B": int64(2)}, {"B": int64(3)}, {"B": int64(4), "A": int64(5)}, {"C": int64(6), "A": int64(7)}}, all)
}

func TestMemoryIsThatOfOneRow(t *testing.T) {
	_, one, err := read(t, `{"results":[{"A":"text"}]}`)
	require.NoError(t, err)
	_, many, err := read(t, `{"results":[`+strings.Repeat(`{"A":"text"},`, 100)+`{"A":"text"}]}`)
	require.NoError(t, err)
	assert.Len(t, many.row.text, len(one.row.text))
}

func TestNextClearsTheMap(t *testing.T) {
	rows, err := newTestClient(t, Graph, answering(http.StatusOK, nil, `{"results":[{"A":1}]}`)).Query(t.Context(), "T", nil)
	require.NoError(t, err)
	defer rows.Close()
	row := pcommon.NewMap()
	row.PutStr("old", "x")
	ok, err := rows.Next(row)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, map[string]any{"A": int64(1)}, row.AsRaw())
}

// Command lines are written by attackers: whatever stands in one, its row and its neighbours come.
func TestPoisonedValuesNeverStopAPage(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, tt := range map[string]struct {
		value    string
		want     any
		repaired int64
	}{
		"invalid UTF-8":           {"\"a\xff\xfeb\"", "a\uFFFD\uFFFDb", 1},
		"cut rune":                {"\"a\xe2\x82\"", "a\uFFFD\uFFFD", 1},
		"high surrogate":          {`"a\ud800b"`, "a\uFFFDb", 1},
		"high surrogate at end":   {`"\ud800"`, "\uFFFD", 1},
		"low surrogate":           {`"\udc00\n"`, "\uFFFD\n", 1},
		"two high, then a pair":   {`"\ud800\ud83d\ude00"`, "\uFFFD😀", 1},
		"surrogate in UTF-8":      {"\"\xed\xa0\x80\"", "\uFFFD\uFFFD\uFFFD", 1},
		"nested":                  {"{\"k\xff\":[\"\xff\",\"\\ud800\"]}", map[string]any{"k\uFFFD": []any{"\uFFFD", "\uFFFD"}}, 3},
		"as deep as allowed":      {deep(maxNesting), nil, 0},
		"too deep for OTLP":       {deep(maxNesting + 1), deep(maxNesting + 1), 1},
		"too deep, broken":        {strings.Repeat(`{"\"}":`, 30) + "\"\xff[\"" + strings.Repeat("}", 30), strings.Repeat(`{"\"}":`, 30) + "\"\uFFFD[\"" + strings.Repeat("}", 30), 1},
		"too deep for JSON":       {deep(20_000), deep(20_000), 1},
		"too deep objects":        {strings.Repeat(`{"a":`, 12_000) + `"]}\\"` + strings.Repeat("}", 12_000), strings.Repeat(`{"a":`, 12_000) + `"]}\\"` + strings.Repeat("}", 12_000), 1},
		"a number of many digits": {strings.Repeat("9", 5000), strings.Repeat("9", 5000), 0},
	} {
		t.Run(name, func(t *testing.T) {
			all, rows, err := read(t, `{"results":[{"A":1},{"A":2,"V":`+tt.value+`,"B":"x"},{"A":3}],"other":1}`)
			require.NoError(t, err)
			require.Len(t, all, 3)
			if tt.want != nil {
				assert.Equal(t, tt.want, all[1]["V"])
			}
			assert.Equal(t, "x", all[1]["B"])
			assert.Equal(t, int64(3), all[2]["A"])
			assert.Equal(t, tt.repaired, rows.Stats().Repaired)
		})
	}
}

func TestBodyLimit(t *testing.T) {
	body := `{"results":[{"A":1},{"A":2}]}`
	for limit, want := range map[int]bool{len(body): true, len(body) - 1: false, 20: false} {
		client := newTestClient(t, Graph, answering(http.StatusOK, nil, body), func(c *Config) { c.MaxBodyBytes = int64(limit) })
		rows, err := client.Query(t.Context(), "T", nil)
		require.NoError(t, err)
		_, err = drain(rows)
		require.NoError(t, rows.Close())
		if want {
			require.NoError(t, err)
			continue
		}
		assert.Equal(t, TooLarge, kindOf(t, err))
		assert.LessOrEqual(t, rows.Stats().Bytes, int64(limit)+1)
	}
}

// A refusal is inflated too, and what is no gzip is no answer.
func TestCompressedRefusals(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, `{"error":{"code":"BadRequest","message":"no such column"}}`)
	require.NoError(t, w.Close())
	header := http.Header{"Content-Encoding": {"gzip"}}
	_, err := newTestClient(t, Graph, answering(http.StatusBadRequest, header, packed.String())).Query(t.Context(), "T", nil)
	require.ErrorContains(t, err, "no such column")

	rows, err := newTestClient(t, Graph, answering(http.StatusOK, header, graphAnswer)).Query(t.Context(), "T", nil)
	require.NoError(t, err)
	defer rows.Close()
	_, err = drain(rows)
	assert.Equal(t, Interrupted, kindOf(t, err))
	assert.ErrorContains(t, err, "gzip: invalid header")
}

func TestLimitCountsInflatedBytesOfGzip(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprintf(w, `{"results":[{"A":%q}]}`, strings.Repeat("x", 1<<20))
	require.NoError(t, w.Close())
	bytesSent := packed.Bytes()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bytesSent)
	}))
	defer server.Close()
	endpoint, err := url.Parse(server.URL)
	require.NoError(t, err)

	get := func(limit int64) error {
		client := NewClient(Config{Endpoint: endpoint, Client: server.Client(), Tokens: &tokens{}, MaxBodyBytes: limit})
		rows, err := client.Query(t.Context(), "T", nil)
		require.NoError(t, err)
		defer rows.Close()
		_, err = drain(rows)
		return err
	}
	require.NoError(t, get(2<<20))
	assert.Equal(t, TooLarge, kindOf(t, get(1<<19)))
	bytesSent = bytesSent[:len(bytesSent)-1]
	assert.Equal(t, Interrupted, kindOf(t, get(2<<20)), "the checksum is cut")
}
