package defendersim

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

var (
	twoColumns = []engine.Column{{Name: "Timestamp", Type: value.DateTime}, {Name: "FileName", Type: value.String}}
	twoValues  = []value.Value{value.NewDateTime(value.Ticks(noon) + 7688640), value.NewString("cmd.exe")}
)

func TestEnvelopes(t *testing.T) {
	h := start(t, Options{Quirks: Quirks{TrimmedTimestamps: true}, compile: rowsOf(2, twoColumns, twoValues)})
	h.clock.Set(noon.Add(time.Minute))
	graph := h.query(t, graphPath, "T")
	assert.Equal(t, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults",`+
		`"schema":[{"name":"Timestamp","type":"DateTime"},{"name":"FileName","type":"String"}],`+
		`"results":[{"Timestamp":"2026-03-15T12:00:00.768864Z","FileName":"cmd.exe"},{"Timestamp":"2026-03-15T12:00:00.768864Z","FileName":"cmd.exe"}]}`,
		string(graph.body))
	assert.Equal(t, "Sun, 15 Mar 2026 12:01:00 GMT", graph.Header.Get("Date"))
	assert.Equal(t, "correlation", graph.Header.Get("client-request-id"))
	assert.Len(t, graph.Header.Get("request-id"), 36)
	assert.Equal(t, int64(-1), graph.ContentLength, "a service's response has no length")
	assert.True(t, graph.Uncompressed, "Go asks for gzip, and gets it")

	legacy := h.query(t, legacyPath, "T")
	body := string(legacy.body)
	assert.True(t, strings.HasPrefix(body, `{"Stats":{"ExecutionTime":`), body)
	assert.Contains(t, body, `"cpu":{"user":"00:00:00.0180396","kernel":"00:00:00.0020044","total cpu":"00:00:00.0200440"}`)
	assert.Contains(t, body, `"dataset_statistics":[{"table_row_count":2,"table_size":`)
	assert.True(t, strings.HasSuffix(body, `"Schema":[{"Name":"Timestamp","Type":"DateTime"},{"Name":"FileName","Type":"String"}],`+
		`"Results":[{"Timestamp":"2026-03-15T12:00:00.768864Z","FileName":"cmd.exe"},{"Timestamp":"2026-03-15T12:00:00.768864Z","FileName":"cmd.exe"}]}`), body)
}

func TestErrorEnvelopes(t *testing.T) {
	refuse := func(engine.Database, string, hunting.CompileOptions) (hunting.Query, error) {
		return nil, &syntax.Error{Message: "'project' operator: Failed to resolve scalar expression named 'x'. Fix semantic errors in your query."}
	}
	h := start(t, Options{compile: refuse})
	graph := h.query(t, graphPath, "T | project x")
	assert.Equal(t, 400, graph.StatusCode)
	assert.JSONEq(t, `{"error":{"code":"BadRequest","message":"'project' operator: Failed to resolve scalar expression named 'x'. Fix semantic errors in your query.",
		"innerError":{"date":"2026-03-15T12:00:00","request-id":"`+graph.Header.Get("request-id")+`","client-request-id":"correlation"}}}`, string(graph.body))
	legacy := h.query(t, legacyPath, "T | project x")
	assert.Equal(t, 400, legacy.StatusCode)
	assert.JSONEq(t, `{"error":{"code":"BadRequest","message":"'project' operator: Failed to resolve scalar expression named 'x'. Fix semantic errors in your query.",
		"target":"`+legacy.Header.Get("request-id")+`"}}`, string(legacy.body))
}

func TestRequestBodies(t *testing.T) {
	var got hunting.CompileOptions
	h := start(t, Options{compile: func(_ engine.Database, text string, o hunting.CompileOptions) (hunting.Query, error) {
		got = o
		assert.Equal(t, "T", text)
		return rowsOf(0, twoColumns, nil)(nil, text, o)
	}})
	graph, legacy := h.token(t, graphPath), h.token(t, legacyPath)
	for body, status := range map[string]int{
		`{"Query":"T"}`: 200, `{"query":"T","timespan":"P1D"}`: 200, `{"Query":"T","workspaceId":"x"}`: 200,
		`{"Query":"T","Timespan":"yesterday"}`: 400, `{"Query":""}`: 400, `{}`: 400, `[]`: 400, `{"Query":1}`: 400, `{"Query":"T","Limit":5}`: 400, `{`: 400,
	} {
		assert.Equal(t, status, h.post(t, graphPath, body, graph).StatusCode, body)
	}
	for body, status := range map[string]int{`{"Query":"T"}`: 200, `{"query":"T"}`: 400, `{"Query":5}`: 400, ``: 400} {
		a := h.post(t, legacyPath, body, legacy)
		assert.Equal(t, status, a.StatusCode, body)
		if status != 200 {
			assert.Equal(t, "Request body is incorrect", a.message(t, 400))
		}
	}
	require.Equal(t, 200, h.post(t, legacyPath, `{"Query":"T"}`, legacy).StatusCode)
	assert.Nil(t, got.Timespan, "the legacy API knows no Timespan")
	require.Equal(t, 200, h.post(t, graphPath, `{"Query":"T"}`, graph).StatusCode)
	assert.Equal(t, engine.Range{From: value.Ticks(noon.AddDate(0, 0, -30)), To: value.Ticks(noon)}, *got.Timespan)
	assert.Equal(t, noon, got.Now)
}

func TestLimits(t *testing.T) {
	long := []value.Value{value.NewDateTime(1), value.NewString(strings.Repeat("x", 1000))}
	t.Run("rows are cut silently", func(t *testing.T) {
		h := start(t, Options{Limits: &Limits{MaxRows: 100}, compile: rowsOf(101, twoColumns, twoValues)})
		assert.Len(t, h.query(t, graphPath, "T").rows(t), 100)
	})
	t.Run("size is refused", func(t *testing.T) {
		h := start(t, Options{Limits: &Limits{MaxResultBytes: 50_000}, compile: rowsOf(49, twoColumns, long)})
		assert.Equal(t, answer.ResultTooLarge().Message, h.query(t, graphPath, "T").message(t, 400))
		h = start(t, Options{Limits: &Limits{MaxResultBytes: 50_000}, compile: rowsOf(40, twoColumns, long)})
		assert.Len(t, h.query(t, graphPath, "T").rows(t), 40)
	})
	t.Run("defaults are the service's", func(t *testing.T) {
		h := start(t, Options{compile: rowsOf(100_001, twoColumns, twoValues)})
		assert.Len(t, h.query(t, graphPath, "T").rows(t), 100_000)
		h = start(t, Options{compile: rowsOf(50_000, twoColumns, long)})
		assert.Equal(t, answer.ResultTooLarge().Message, h.query(t, graphPath, "T").message(t, 400))
	})
	t.Run("a large request meets the proxy", func(t *testing.T) {
		h := start(t, Options{compile: rowsOf(0, twoColumns, nil)})
		a := h.query(t, graphPath, strings.Repeat("/", 1<<20))
		assert.Equal(t, http.StatusRequestEntityTooLarge, a.StatusCode)
		assert.Contains(t, string(a.body), "<h1>413 Request Entity Too Large</h1>")
	})
	t.Run("time runs out", func(t *testing.T) {
		endless := fakeQuery{columns: twoColumns, run: func(ctx context.Context, _ func([]value.Value) bool) (int64, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}}
		h := start(t, Options{Limits: &Limits{QueryTimeout: time.Millisecond}, compile: fakeEngine(endless)})
		assert.Contains(t, h.query(t, graphPath, "T").message(t, 400), "exceeded the timeout period")
	})
}

func TestRetiredLegacyAPI(t *testing.T) {
	h := start(t, Options{RetiredLegacy: true, compile: rowsOf(0, twoColumns, nil)})
	assert.Contains(t, h.query(t, legacyPath, "T").message(t, 410), "has been retired")
	assert.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
	assert.Equal(t, 404, h.post(t, "/v1.0/security/else", `{}`, "").StatusCode)
}
