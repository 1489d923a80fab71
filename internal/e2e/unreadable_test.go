package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// A cursor that cannot be read is no missing one: the collector says which it is, and does not begin anew.
func TestUnreadableCursorStopsStart(t *testing.T) {
	const table = "DeviceLogonEvents"
	clock := defendersim.NewClock(epoch)
	s := newStage(t, defendersim.Options{Now: clock.Now, Tenant: company(time.Minute, 100_000)})
	c := s.start(run{})
	s.eventually(func() bool {
		rows, _ := readRaw(t, s.raw)
		return slices.ContainsFunc(rows, func(r rawRow) bool { return r.table == table })
	}, "%s should be read", table)
	c.stop()
	require.Contains(t, s.progress().completeUntil, table)

	key := s.spoilCursor(table)
	// A token is asked for before anything else, and its calls do not end after the collector that made them.
	tokens := func() int64 { return s.sim.Report().Count("POST /{tenant}/oauth2/v2.0/token", "") }
	before := tokens()
	c = s.start(run{})
	require.Error(t, c.wait(), "exit status")
	assert.Positive(t, c.command.ProcessState.ExitCode())
	assert.Contains(t, c.log(), key)
	assert.NotContains(t, c.log(), "panic:")
	assert.Equal(t, before, tokens(), "nothing is read")
	t.Log(lastLines(c.log(), 1))
}
