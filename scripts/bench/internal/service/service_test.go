package service

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	from = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	to   = from.Add(10 * time.Second)
)

func recorded() *Recording {
	schema := []byte(`[{"name":"Timestamp","type":"DateTime"}]`)
	return &Recording{Tables: []Table{
		{
			Name: "DeviceEvents", Schema: schema,
			Now: []byte(`{"Timestamp":null,"IngestionTime":{},"ServiceNow":"2026-03-04T15:00:00Z"}`),
			Rows: [][]byte{
				[]byte(`{"Timestamp":"2026-03-04T14:59:00.12Z","ReportId@odata.type":"#Int64","ReportId":7,"A":"x","IngestionTime":"2026-03-04T14:59:30Z","ServiceNow":null}`),
				[]byte(`{"Timestamp":"2026-03-04T14:59:00.1234567Z","ReportId":123456,"A":{"Timestamp":"kept"},"IngestionTime":"2026-03-04T14:59:40Z","ServiceNow":{}}`),
			},
		},
		{
			Name: "DeviceInfo", Directory: true, Schema: schema, Now: []byte(`{"DeviceId":null,"ServiceNow":"2026-03-04T15:00:00Z"}`),
			Rows: [][]byte{[]byte(`{"DeviceId":"d","Timestamp":"2026-03-04T14:00:00Z"}`)},
		},
	}}
}

// ask sends a query and gives the rows of the answer.
func ask(t *testing.T, s *Service, query string) (status int, rows []string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"Query": query})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1.0/security/runHuntingQuery", strings.NewReader(string(body))))
	var answer struct{ Results []json.RawMessage }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body.String())
	for _, row := range answer.Results {
		rows = append(rows, string(row))
	}
	return w.Code, rows
}

func page(first, last time.Time, rest string) string {
	return "DeviceEvents\n| extend IngestionTime = ingestion_time()\n| where IngestionTime >= datetime(" + first.Format(stampLayout) +
		") and IngestionTime < datetime(" + last.Format(stampLayout) + ")\n" + rest
}

// Four rows come in ten seconds, made of two: each at its time and with its id. All else is as it was recorded.
func TestRowsOfARange(t *testing.T) {
	s, err := New(recorded(), Span{From: from, To: to, Rows: 4}, true)
	require.NoError(t, err)
	_, rows := ask(t, s, page(from.Add(time.Second), to, "| take 2\n| union (print ServiceNow = now())"))
	require.Len(t, rows, 3)
	assert.Regexp(t, `^{"Timestamp":null,"IngestionTime":{},"ServiceNow":"20..-..-..T..:..:..\..{7}Z"}$`, rows[0])
	assert.Equal(t, []string{
		`{"Timestamp":"2026-11-21T09:58:32.5000000Z","ReportId":1000000001,"A":{"Timestamp":"kept"},"IngestionTime":"2026-11-21T10:00:02.5000000Z","ServiceNow":{}}`,
		`{"Timestamp":"2026-11-21T09:58:35.0000000Z","ReportId@odata.type":"#Int64","ReportId":1000000002,"A":"x","IngestionTime":"2026-11-21T10:00:05.0000000Z","ServiceNow":null}`,
	}, rows[1:])
	_, rows = ask(t, s, page(from.Add(5*time.Second), to.Add(time.Hour), "| take 100"))
	assert.Len(t, rows, 3, "a page begins with a row that arrives at its beginning")
	_, rows = ask(t, s, page(to, to.Add(time.Hour), "| take 100"))
	assert.Len(t, rows, 1)
	assert.Equal(t, 4, s.Progress().Rows)
	assert.Equal(t, 4, s.Progress().Total)
}

// What a page gives is what a count counts.
func TestCounts(t *testing.T) {
	s, err := New(recorded(), Span{From: from, To: to, Rows: 4}, true)
	require.NoError(t, err)
	_, rows := ask(t, s, page(from.Add(time.Second), from.Add(time.Hour), "| summarize Rows = count() by Bin = bin(IngestionTime, 5s)"))
	require.Len(t, rows, 2)
	assert.Contains(t, rows[0], `{"Bin":"2026-11-21T10:00:00.0000000Z","Rows":1,`)
	assert.Contains(t, rows[1], `{"Bin":"2026-11-21T10:00:05.0000000Z","Rows":2,`)
	_, rows = ask(t, s, page(from, to, "| summarize AllRows = count(), HumanRows = countif(x), ReadRows = countif(y)"))
	require.Len(t, rows, 1)
	assert.Contains(t, rows[0], `{"AllRows":4,"HumanRows":4,"ReadRows":4,`)
}

func TestOtherQueries(t *testing.T) {
	s, err := New(recorded(), Span{From: from, To: to, Rows: 4}, true)
	require.NoError(t, err)
	_, rows := ask(t, s, "print Rows = 1, ServiceNow = now()")
	assert.Len(t, rows, 1)
	_, rows = ask(t, s, "union (DeviceEvents\n| take 100)\n| summarize Rows = count(), Unknown = countif(Unknown)")
	assert.Len(t, rows, 1)
	whole := strings.ReplaceAll(page(from.Add(-48*time.Hour), from, "| summarize arg_max(Timestamp, *) by DeviceId\n| take 9"), "DeviceEvents", "DeviceInfo")
	_, rows = ask(t, s, whole)
	assert.Len(t, rows, 2)
	assert.Equal(t, 1, s.Progress().Snapshots)
	assert.Equal(t, whole, s.Asked()["DeviceInfo"])
	_, rows = ask(t, s, strings.ReplaceAll(page(from, to, "| take 9"), "DeviceEvents", "OtherEvents"))
	assert.Len(t, rows, 1, "a table that was not recorded has no rows")

	for _, foreign := range []string{"DeviceEvents | count", page(from, to, "| where hash(x, 8) == 3\n| take 9"), page(from, to, "")} {
		status, _ := ask(t, s, foreign)
		assert.Equal(t, http.StatusBadRequest, status, foreign)
	}
	assert.Equal(t, 3, s.Progress().Refused)
}

func TestARangeIsReplaced(t *testing.T) {
	query := page(from, to, "| take 9\n| order by IngestionTime asc")
	assert.Equal(t, page(from.Add(time.Hour), to.Add(time.Hour), "| take 1000\n| order by IngestionTime asc"),
		WithRange(query, from.Add(time.Hour), to.Add(time.Hour), 1000))
}

func TestARecordingIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recording")
	require.NoError(t, recorded().Write(path))
	again, err := Read(path)
	require.NoError(t, err)
	assert.Equal(t, recorded(), again)
}
