package defenderreceiver

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
)

var epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func id(n byte) uuid.UUID { return uuid.UUID{n} }

func after(d time.Duration) time.Time { return epoch.Add(d) }

func TestPositionRecognisesWhatMayBeReadAgain(t *testing.T) {
	p := newPosition(checkpoint.Cursor{CompleteUntil: epoch}, nil)
	p.add(id(1), after(time.Second))
	p.add(id(2), after(6*time.Minute))
	assert.True(t, p.delivered(id(1), after(time.Second)))
	assert.False(t, p.delivered(id(3), after(time.Second)))

	p.advance(after(6 * time.Minute))
	p.forget(0, epoch)
	assert.False(t, p.delivered(id(1), after(time.Second)), "its bin is complete, so it is not read again")
	assert.True(t, p.delivered(id(2), after(6*time.Minute)), "its bin may have more rows")
	assert.Equal(t, 1, p.ledger[checkpoint.BinOf(epoch)].Rows, "the ledger keeps what audits compare")

	p.forget(10*time.Minute, after(time.Hour))
	assert.Contains(t, p.ledger, checkpoint.BinOf(epoch), "the overlap is read again")
	p.advance(after(time.Hour))
	p.forget(10*time.Minute, after(time.Hour))
	assert.Empty(t, p.ledger)
}

func TestPositionNeverMovesBack(t *testing.T) {
	p := newPosition(checkpoint.Cursor{CompleteUntil: epoch}, nil)
	p.advance(after(-time.Hour))
	assert.Equal(t, epoch, p.cursor.CompleteUntil)
	p.advance(after(time.Hour))
	p.retract(epoch)
	assert.Equal(t, epoch, p.cursor.CompleteUntil, "but for an answer out of order")
}

func TestChangesHoldEachRowOnce(t *testing.T) {
	p := newPosition(checkpoint.Cursor{CompleteUntil: epoch}, nil)
	p.add(id(1), epoch)
	p.counted(checkpoint.BinOf(epoch), 7)
	first := p.take(after(time.Second))
	assert.Equal(t, checkpoint.Rows{checkpoint.BinOf(epoch): {id(1)}}, first.Delivered)
	assert.Equal(t, map[checkpoint.Bin]int{checkpoint.BinOf(epoch): 7}, first.Counted)
	p.add(id(2), epoch)
	second := p.take(after(time.Second))
	assert.Equal(t, checkpoint.Rows{checkpoint.BinOf(epoch): {id(2)}}, second.Delivered)
	assert.Empty(t, second.Counted)
}

func TestCarriedRowsAreRecognisedOnceAndThenByTheirBin(t *testing.T) {
	p := newPosition(checkpoint.Cursor{CompleteUntil: epoch, CarriedUntil: after(time.Hour)}, nil)
	p.carried = map[uuid.UUID]struct{}{id(1): {}}
	assert.True(t, p.delivered(id(1), epoch))
	assert.Equal(t, 1, p.ledger[checkpoint.BinOf(epoch)].Rows)
	assert.True(t, p.delivered(id(1), epoch))
	p.advance(after(time.Hour))
	p.forget(time.Hour, epoch)
	assert.NotNil(t, p.carried)
	p.advance(after(3 * time.Hour))
	p.forget(time.Hour, epoch)
	assert.Nil(t, p.carried)
	assert.True(t, p.take(epoch).DropCarried)
}

func TestSpan(t *testing.T) {
	s, to := newSpan(), epoch.Add(time.Hour)
	assert.Equal(t, to, s.until(epoch, to), "at first all is asked for")

	assert.True(t, s.narrow(epoch, to))
	assert.Equal(t, epoch.Add(30*time.Minute), s.until(epoch, to))
	s.fits(40, 100, 30*time.Minute)
	assert.Equal(t, to, s.until(epoch, to), "it widens again")
	s.narrow(epoch, to)
	s.fits(51, 100, 30*time.Minute)
	assert.Equal(t, epoch.Add(30*time.Minute), s.until(epoch, to), "a page that is more than half full does not widen")

	for range 100 {
		if s.until(epoch, to).Sub(epoch) == tick {
			break
		}
		assert.True(t, s.narrow(epoch, s.until(epoch, to)))
	}
	assert.Equal(t, epoch.Add(tick), s.until(epoch, to), "down to one instant")
	for range 20 {
		s.fits(0, 100, s.until(epoch, to).Sub(epoch))
	}
	assert.Equal(t, to, s.until(epoch, to), "and back")
}

func TestSpanOfABacklog(t *testing.T) {
	s, to := newSpan(), epoch.Add(24*time.Hour)
	length := func() time.Duration { return s.until(epoch, to).Sub(epoch) }
	s.filled(10 * time.Minute)
	assert.Equal(t, 20*time.Minute, length(), "two pages, as far as the last one tells")
	s.filled(15 * time.Minute)
	assert.Equal(t, 20*time.Minute, length())
	s.fits(80, 100, length())
	assert.Equal(t, 40*time.Minute, length(), "a range with less than a page was too short")
	s.fits(10, 100, 5*time.Minute)
	assert.Equal(t, 80*time.Minute, length(), "ten rows in five minutes are a page in fifty")
	s.fits(0, 100, time.Minute)
	assert.Equal(t, 80*time.Minute, length(), "what ends the poll tells nothing of a longer range")
	s.filled(time.Second)
	assert.Equal(t, time.Minute, length(), "a burst passes")
	s.fits(0, 100, length())
	assert.Equal(t, 16*time.Minute, length())
	s.narrow(epoch, epoch.Add(2*time.Minute))
	s.fits(60, 100, length())
	assert.Equal(t, time.Minute, length(), "what the service cannot give is not asked for again so soon")
}

func TestPartsOfAnInstant(t *testing.T) {
	s := newSpan()
	s.instant()
	assert.True(t, s.narrow(epoch, epoch.Add(tick)))
	assert.Equal(t, []bool{false, false}, s.done)
	s.done[1] = true
	assert.True(t, s.narrow(epoch, epoch.Add(tick)))
	assert.Equal(t, []bool{false, true, false, true}, s.done, "what was read need not be read again")
	for s.parts() < maxParts {
		assert.True(t, s.narrow(epoch, epoch.Add(tick)))
	}
	assert.False(t, s.narrow(epoch, epoch.Add(tick)), "nothing smaller is left")
	s.fits(100, 100, tick)
	assert.Equal(t, 1, s.parts())
	assert.Equal(t, unlimited, s.width, "after the instant the width is what it was")
}

// One refusal of a heavy query may be the service's bad moment.
func TestOnlyRepeatedRefusalsMakeAPartHeavy(t *testing.T) {
	s := newSpan()
	assert.Equal(t, []bool{false, false, true}, []bool{s.gaveUp(), s.gaveUp(), s.gaveUp()})
}
