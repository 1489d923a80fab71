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
