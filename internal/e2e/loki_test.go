package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// Loki is over its limit, restarts, and lacks ingesters; the events are months old; one is larger than a line may be,
// and one has what Loki does not take. All others are in Loki once, although it keeps a part of a call that it refuses; each
// table is a stream of its own; the rows of the two are in the dead letters.
func TestLoki(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	require.NoError(t, s.sim.Plant("DeviceProcessEvents", []defendersim.Planted{largeRow(1, 50_000), largeRow(2, 300_000)}...))
	poison := slices.Min(slices.Collect(maps.Keys(want.events)))
	server := startLoki(t, poison, map[int]int{
		2: http.StatusTooManyRequests, 3: http.StatusTooManyRequests, 5: http.StatusServiceUnavailable,
		7: http.StatusInternalServerError, 8: http.StatusInternalServerError, 12: http.StatusBadGateway,
	})
	c := s.startShipped("loki.yaml", []string{"lokihasty.yaml", "hasty.yaml"}, "LOKI_ENDPOINT="+server.endpoint)
	memory := c.watchMemory()
	large := func() (n int) {
		for _, event := range server.received() {
			if strings.Contains(event.line, "large.contoso.com") {
				n++
			}
		}
		return n
	}
	require.Eventually(t, func() bool {
		return slices.Equal(want.missing(server.received()), []string{poison}) && large() == 1 && len(s.deadLetters()) == 2
	}, 2*wait, longTick, "kept by Loki or in the dead letters")
	memory.bounded()
	c.stop()

	var kept []string
	for _, r := range s.deadLetters() {
		if length := len(r.text("ProcessCommandLine")); length == 300_000 {
			kept = append(kept, "large")
		} else {
			kept = append(kept, r.uid)
		}
	}
	assert.ElementsMatch(t, []string{"large", poison}, kept)
	times := map[string]int{}
	for _, event := range server.received() {
		times[event.ID]++
		assert.Equal(t, 1, times[event.ID], "%s came again", event.ID)
	}
	assert.Len(t, times, len(want.events)) // the small one of the large ones in the place of the other
	server.mu.Lock()
	defer server.mu.Unlock()
	assert.Positive(t, server.again, "of the calls with it Loki has kept the other lines, which come again")
	assert.Contains(t, server.streams, "defender/DeviceLogonEvents")
	assert.NotContains(t, server.streams, "unknown_service")
	t.Logf("%d events in %d calls and %d streams, %d lines came again", len(times), server.calls, len(server.streams), server.again)
}
