package defendersim

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
)

func TestRetryAfterIsJudged(t *testing.T) {
	h := start(t, Options{compile: rowsOf(0, twoColumns, nil)})
	h.FailNext(1, Fault{Kind: FaultUnavailable, Delay: 30 * time.Second})
	assert.Equal(t, "30", h.query(t, graphPath, "T").Header.Get("Retry-After"))
	h.clock.Advance(29 * time.Second)
	h.query(t, graphPath, "T")
	h.clock.Advance(time.Second)
	h.query(t, graphPath, "T")
	assert.Equal(t, int64(1), h.Report().RetriedTooEarly)
	assert.Zero(t, h.Report().Throttled)
}

func TestAdmin(t *testing.T) {
	h := start(t, Options{compile: rowsOf(3, twoColumns, twoValues)})
	assert.Equal(t, 204, h.post(t, "/_admin/faults?next=1", "500", "").StatusCode)
	assert.Equal(t, 500, h.query(t, graphPath, "T").StatusCode)
	assert.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
	assert.Equal(t, 204, h.post(t, "/_admin/faults", "504", "").StatusCode)
	assert.Equal(t, 504, h.query(t, graphPath, "T").StatusCode)
	assert.Equal(t, 204, h.post(t, "/_admin/faults", "", "").StatusCode)
	assert.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
	for _, bad := range []string{"/_admin/faults?next=x", "/_admin/faults?next=0"} {
		assert.Equal(t, 400, h.post(t, bad, "500", "").StatusCode)
	}
	assert.Equal(t, 400, h.post(t, "/_admin/faults", "odd", "").StatusCode)

	res, err := h.client.Get(h.URL() + "/_admin/report")
	require.NoError(t, err)
	defer res.Body.Close()
	var report Report
	require.NoError(t, json.NewDecoder(res.Body).Decode(&report))
	assert.Equal(t, h.Report(), report)
	assert.Equal(t, int64(2), report.Count(graphPath, "200"))
	assert.Equal(t, int64(1), report.Count(entra.OAuth2Path, "200"))
	assert.Contains(t, report.String(), "fault 504")
}
