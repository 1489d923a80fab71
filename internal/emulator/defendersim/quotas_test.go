package defendersim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCallsAMinute(t *testing.T) {
	h := start(t, Options{compile: rowsOf(0, twoColumns, nil)})
	for range 44 {
		require.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
	}
	h.clock.Advance(50 * time.Second)
	require.Equal(t, 200, h.query(t, legacyPath, "T").StatusCode, "both APIs share the tenant's quota")

	refused := h.query(t, graphPath, "T")
	assert.Equal(t, "API calls quota exceeded! maximum allowed 45 per 00:01:00", refused.message(t, 429))
	assert.Contains(t, string(refused.body), `"code":"TooManyRequests"`)
	assert.Equal(t, "10", refused.Header.Get("Retry-After"))
	assert.Contains(t, string(h.query(t, legacyPath, "T").body), `"code":"429"`)

	assert.Zero(t, h.Report().RetriedTooEarly, "a call that was under way did not disobey")

	h.clock.Advance(9 * time.Second)
	assert.Equal(t, 429, h.query(t, graphPath, "T").StatusCode)
	assert.Equal(t, int64(1), h.Report().RetriedTooEarly, "this one came before Retry-After was over")
	assert.Equal(t, int64(3), h.Report().Throttled)

	h.clock.Advance(time.Second)
	assert.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
	assert.Equal(t, int64(1), h.Report().RetriedTooEarly)
}

func TestCallsAnHour(t *testing.T) {
	h := start(t, Options{Limits: &Limits{CallsPerMinute: 45, CallsPerHour: 50}, compile: rowsOf(0, twoColumns, nil)})
	for range 2 {
		for range 25 {
			require.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
		}
		h.clock.Advance(2 * time.Minute)
	}
	refused := h.query(t, graphPath, "T")
	assert.Equal(t, "API calls quota exceeded! maximum allowed 50 per 01:00:00", refused.message(t, 429))
	assert.Equal(t, "3360", refused.Header.Get("Retry-After"))
	h.clock.Advance(56 * time.Minute)
	h.renew()
	assert.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
}

func TestCPUAQuarterHour(t *testing.T) {
	// A query of 4,000 rows costs 20 ms + 4,000 * (2 + 20) µs = 108 ms.
	h := start(t, Options{Limits: &Limits{CPUPerQuarterHour: 200 * time.Millisecond}, compile: rowsOf(4000, twoColumns, twoValues)})
	h.clock.Set(noon.Add(14 * time.Minute))
	for range 2 {
		require.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
	}
	refused := h.query(t, graphPath, "T")
	assert.Equal(t, "You have exceeded processing resources allocated to this tenant. You can run queries again in 00:01:00.", refused.message(t, 429))
	assert.Empty(t, refused.Header.Get("Retry-After"))
	h.clock.Advance(59 * time.Second)
	assert.Equal(t, 429, h.query(t, graphPath, "T").StatusCode)
	h.clock.Advance(time.Second)
	assert.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
	report := h.Report()
	assert.Equal(t, int64(2), report.Count(graphPath, "429 CPU"))
	assert.Equal(t, 324*time.Millisecond, report.CPU)
	assert.Zero(t, report.RetriedTooEarly)
}
