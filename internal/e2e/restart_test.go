package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// Two stops in the middle of the work, and rows that arrive meanwhile: none is missing, none comes twice.
func TestRestart(t *testing.T) {
	clock := defendersim.NewClock(epoch)
	s := newStage(t, defendersim.Options{Now: clock.Now, Tenant: company(30*time.Minute, 300_000)})
	all := len(s.truth(s.settled()))
	for stop := range 2 {
		release := s.holdAfter((4 + 4*stop) * all / 10)
		c := s.start(run{})
		s.returned((2 + 4*stop) * all / 10)
		c.stop()
		release()
		clock.Advance(2 * time.Minute)
	}
	partial, _ := readRaw(t, s.raw)
	want := s.truth(s.settled())
	require.Less(t, len(s.keys(eventRows(partial))), len(want), "the stops came in the middle of the work")

	c := s.start(run{})
	assert.Eventually(t, s.have(want), wait, longTick, "all rows should come")
	c.stop()

	rows, broken := readRaw(t, s.raw)
	rows = eventRows(rows)
	assert.Zero(t, broken, "broken lines")
	s.complete(rows, want)
	assert.Empty(t, repeated(rows), "rows that came twice")
	assert.Greater(t, len(rows), 5_000)
	assert.Greater(t, len(outputs(t, s.raw)), 1, "the files were rotated")

	events, broken := readTotal(t, s.totalFile())
	assert.Zero(t, broken, "broken lines")
	s.attributed(rows, events)
	seen := map[string]bool{}
	for _, event := range events {
		assert.False(t, seen[event.ID], "the event %s came twice", event.ID)
		seen[event.ID] = true
	}
	for _, kind := range []string{"AUTH", "ENDPOINT", "NETWORK", "DATA_ACCESS", "ALERT"} {
		assert.True(t, slices.ContainsFunc(events, func(e totalEvent) bool { return e.Type == kind }), "an event of type %s", kind)
	}
}
