package health

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// A status that was reported once says what is true when it is read, also that nothing is wrong any more.
func TestAnOldStatusSaysThatTheTroubleIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := observed(t)
		s := r.Add("A", "A", false)
		s.Fail(errors.New("x"), BackingOff, failure.None, 1, time.Now())
		synctest.Wait()
		require.Len(t, h.events, 1)
		old := h.events[0]
		assert.EqualError(t, old.Err(), "A: x")
		s.Succeed(time.Now())
		assert.EqualError(t, old.Err(), "the trouble is over")
	})
}

// A loop that waits for something else learns that a poll is wanted.
func TestWanted(t *testing.T) {
	s := NewRegistry().Add("A", "A", false)
	assert.Empty(t, s.Commands.Wanted())
	s.Commands.Poll()
	s.Commands.Poll()
	assert.Len(t, s.Commands.Wanted(), 1)
}
