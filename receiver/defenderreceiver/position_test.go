package defenderreceiver

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
)

var epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// rowAt is a delivered row, told apart by n, that arrived seconds after epoch.
func rowAt(n byte, seconds int) checkpoint.Row {
	return checkpoint.Row{UID: uuid.UUID{n}, Arrived: epoch.Add(time.Duration(seconds) * time.Second)}
}

func TestPositionForgetsWhatIsComplete(t *testing.T) {
	p := newPosition(checkpoint.Cursor{CompleteUntil: epoch})
	for _, row := range []checkpoint.Row{rowAt(1, 1), rowAt(2, 2), rowAt(3, 2), rowAt(4, 3)} {
		p.add(row)
	}
	p.advance(epoch.Add(2 * time.Second))
	assert.False(t, p.delivered(uuid.UUID{1}), "complete, so it is not read again")
	for n := byte(2); n <= 4; n++ {
		assert.True(t, p.delivered(uuid.UUID{n}), "its instant may have more rows")
	}
	c := p.cursor("tenant")
	assert.Equal(t, epoch.Add(2*time.Second), c.CompleteUntil)
	assert.ElementsMatch(t, []checkpoint.Row{rowAt(2, 2), rowAt(3, 2), rowAt(4, 3)}, c.Delivered)
	assert.Equal(t, p, newPosition(c), "a restart goes on with the same position")
}

func TestPositionNeverMovesBack(t *testing.T) {
	p := newPosition(checkpoint.Cursor{CompleteUntil: epoch})
	p.advance(epoch.Add(-time.Hour))
	assert.Equal(t, epoch, p.completeUntil)
}

func TestPositionRetracts(t *testing.T) {
	p := newPosition(checkpoint.Cursor{CompleteUntil: epoch})
	read := []checkpoint.Row{rowAt(1, 1), rowAt(2, 5)}
	for _, row := range read {
		p.add(row)
	}
	p.advance(epoch.Add(5 * time.Second))
	p.retract(epoch, read)
	assert.Equal(t, epoch, p.completeUntil)
	assert.True(t, p.delivered(uuid.UUID{1}) && p.delivered(uuid.UUID{2}))
}

func TestSpan(t *testing.T) {
	s, to := newSpan(), epoch.Add(time.Hour)
	assert.Equal(t, to, s.until(epoch, to), "at first all is asked for")

	assert.True(t, s.narrow(epoch, to))
	assert.Equal(t, epoch.Add(30*time.Minute), s.until(epoch, to))
	s.fits(10, 100)
	assert.Equal(t, to, s.until(epoch, to), "it widens again")

	for range 100 {
		if s.until(epoch, to).Sub(epoch) == tick {
			break
		}
		assert.True(t, s.narrow(epoch, s.until(epoch, to)))
	}
	assert.Equal(t, epoch.Add(tick), s.until(epoch, to), "down to one instant")
	assert.Equal(t, 1, s.parts)
	for parts := 2; parts <= maxParts; parts *= 2 {
		assert.True(t, s.narrow(epoch, epoch.Add(tick)))
		assert.Equal(t, parts, s.parts)
	}
	assert.False(t, s.narrow(epoch, epoch.Add(tick)), "nothing smaller is left")
	s.fits(0, 100)
	assert.Equal(t, 1, s.parts)
	for range 60 {
		s.fits(0, 100)
	}
	assert.Equal(t, to, s.until(epoch, to))
	s.narrow(epoch, to)
	s.fits(51, 100)
	assert.Equal(t, epoch.Add(30*time.Minute), s.until(epoch, to), "a page that is more than half full does not widen")
}
