package hunting

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each list has the options that the service documents for it.
func TestObjectsRequests(t *testing.T) {
	noon := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	for want, request := range map[string]ObjectsRequest{
		"/secureScores?$skip=3&$top=7":                                                 {List: SecureScores, From: noon, Top: 7, Skip: 3},
		"/secureScoreControlProfiles?":                                                 {List: ControlProfiles},
		"/alerts_v2?$count=true&$filter=status eq 'new'&$top=1":                        {List: AlertsV2, Count: true, Filter: "status eq 'new'", Top: 1},
		"/alerts_v2?$filter=lastUpdateDateTime ge 2026-03-15T12:00:00Z and (x)&$top=5": {List: AlertsV2, From: noon, Filter: "x", Top: 5},
	} {
		client := newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
			options := r.URL.Query()
			got := r.URL.Path[len("/base/v1.0/security"):] + "?"
			for i, name := range []string{"$count", "$filter", "$orderby", "$skip", "$top"} {
				if value := options.Get(name); value != "" {
					if got[len(got)-1] != '?' && i > 0 {
						got += "&"
					}
					got += name + "=" + value
				}
			}
			assert.Equal(t, want, got)
			return answer(http.StatusOK, nil, `{"value":[]}`), nil
		})
		rows, err := client.Objects(t.Context(), request)
		require.NoError(t, err)
		require.NoError(t, rows.Close())
	}
}

// How many objects there are in all stands before or behind them, or nowhere.
func TestObjectsAreCounted(t *testing.T) {
	for body, want := range map[string]int{
		`{"@odata.count":4711,"value":[{"id":"1"}]}`: 4711, `{"value":[],"@odata.count":0}`: 0, `{"value":[]}`: -1, `{"value":[],"@odata.count":null}`: -1,
	} {
		rows, err := newTestClient(t, Graph, answering(http.StatusOK, nil, body)).Objects(t.Context(), ObjectsRequest{List: AlertsV2, Count: true, Top: 1})
		require.NoError(t, err)
		_, err = drain(rows)
		require.NoError(t, err)
		n, known := rows.Count()
		assert.Equal(t, want >= 0, known, body)
		assert.Equal(t, max(want, 0), n, body)
		require.NoError(t, rows.Close())
	}
}
