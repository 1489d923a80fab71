package hunting

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// FuzzRows compares with encoding/json: what ends without an error is the JSON of an answer, with the
// same rows and texts; and how the bytes arrive makes no difference.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		graphAnswer, legacyAnswer, `{"results":[{"A":{}},{"A":[[{}]],"B":1e9}]}`, "{\"results\":[{\"A\":\"\xff\\ud800\"}]}",
		`{"results":[{"A":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + `,"B":1}]}`,
		`{"error":{"code":"x"}}`, `{"results":[],"Stats":{"resource_usage":{"cpu":{"total cpu":"00:00:01"}}}}`,
	} {
		f.Add(seed)
	}
	columns := []tables.Column{{Name: "A", Type: tables.Bool}, {Name: "B", Type: tables.JSON}}
	f.Fuzz(func(t *testing.T, body string) {
		all, _, err := read(t, body, columns...)
		resp := answer(http.StatusOK, nil, "")
		resp.Body = io.NopCloser(iotest.OneByteReader(strings.NewReader(body)))
		rows, queryErr := newTestClient(t, Graph, func(*http.Request) (*http.Response, error) { return resp, nil }).Query(t.Context(), "T", columns)
		require.NoError(t, queryErr)
		slow, slowErr := drain(rows)
		require.NoError(t, rows.Close())
		assert.Equal(t, all, slow)
		assert.Equal(t, err == nil, slowErr == nil)
		for _, row := range all {
			for name, value := range row {
				text, _ := value.(string)
				assert.True(t, utf8.ValidString(name) && utf8.ValidString(text), "OTLP takes only valid UTF-8")
			}
		}
		if err != nil {
			require.ErrorAs(t, err, new(*Error))
			return
		}
		if strings.Count(body, "[")+strings.Count(body, "{") > 9_000 {
			return // deeper than encoding/json reads
		}
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(body), &members))
		for name, value := range members {
			if name != "results" {
				continue
			}
			var want []map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(value, &want))
			require.Len(t, all, len(want))
			for i, row := range want {
				var text string
				if json.Unmarshal(row["Text"], &text) == nil && row["Text"] != nil && row["Text"][0] == '"' {
					assert.Equal(t, text, all[i]["Text"])
				}
			}
		}
	})
}
