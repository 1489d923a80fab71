package defenderreceiver

import (
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
)

// position is how far a table was delivered, and which rows were. Only the table's own loop touches
// it; what others need goes to the keeper as a change.
type position struct {
	// cursor.CompleteUntil never moves back, but for an answer that turns out to be out of order.
	cursor checkpoint.Cursor

	// recent holds the rows that may be read again: those of the bins from the overlap on.
	recent map[checkpoint.Bin]map[uuid.UUID]struct{}
	// carried are rows delivered along another axis; nil once none of them can be read again.
	carried map[uuid.UUID]struct{}
	// ledger is the number of rows delivered in each bin, and what audits counted in it.
	ledger map[checkpoint.Bin]checkpoint.Entry

	// change is what has come since the last one was given to the keeper.
	change checkpoint.Change
}

func newPosition(c checkpoint.Cursor, ledger map[checkpoint.Bin]checkpoint.Entry) *position {
	p := &position{cursor: c, recent: map[checkpoint.Bin]map[uuid.UUID]struct{}{}, ledger: ledger}
	if p.ledger == nil {
		p.ledger = map[checkpoint.Bin]checkpoint.Entry{}
	}
	p.resetChange()
	return p
}

func (p *position) resetChange() {
	p.change = checkpoint.Change{Delivered: checkpoint.Rows{}, Counted: map[checkpoint.Bin]int{}, Refused: map[checkpoint.Bin]int{}, Drop: map[checkpoint.Bin]struct{}{}}
}

// delivered reports whether a row of this id was delivered; at is its place on the axis.
func (p *position) delivered(uid uuid.UUID, at time.Time) bool {
	if _, ok := p.recent[checkpoint.BinOf(at)][uid]; ok {
		return true
	}
	if _, ok := p.carried[uid]; !ok {
		return false
	}
	// Now its place on this axis is known: from here on its bin knows it.
	delete(p.carried, uid)
	p.add(uid, at)
	return true
}

// add says that a row was delivered.
func (p *position) add(uid uuid.UUID, at time.Time) {
	bin := checkpoint.BinOf(at)
	p.remember(bin, uid)
	p.change.Delivered[bin] = append(p.change.Delivered[bin], uid)
	entry := p.ledger[bin]
	entry.Rows++
	p.ledger[bin] = entry
}

// refuse says that the pipeline refused a row for good: it is not read again, and it is not delivered.
func (p *position) refuse(uid uuid.UUID, at time.Time) {
	p.add(uid, at)
	bin := checkpoint.BinOf(at)
	p.change.Refused[bin]++
	entry := p.ledger[bin]
	entry.Refused++
	p.ledger[bin] = entry
}

// remember takes rows into memory that are in the ledger already.
func (p *position) remember(bin checkpoint.Bin, ids ...uuid.UUID) {
	known := p.recent[bin]
	if known == nil {
		known = map[uuid.UUID]struct{}{}
		p.recent[bin] = known
	}
	for _, id := range ids {
		known[id] = struct{}{}
	}
}

// counted says that an audit has read a bin whole, when the service had this many rows in it.
func (p *position) counted(bin checkpoint.Bin, rows int) {
	entry := p.ledger[bin]
	entry.Counted = rows
	p.ledger[bin] = entry
	p.change.Counted[bin] = rows
}

// advance says that all rows before to were delivered.
func (p *position) advance(to time.Time) {
	if to.After(p.cursor.CompleteUntil) {
		p.cursor.CompleteUntil = to
	}
}

// retract takes an advance back: rows from `to` on may be missing.
func (p *position) retract(to time.Time) { p.cursor.CompleteUntil = to }

// forget drops from memory what lies before the overlap, and from the ledger what lies before keep.
func (p *position) forget(overlap time.Duration, keep time.Time) {
	oldest := checkpoint.BinOf(p.cursor.CompleteUntil.Add(-overlap))
	for bin := range p.recent {
		if bin < oldest {
			delete(p.recent, bin)
		}
	}
	p.change.Forget = min(oldest, checkpoint.BinOf(keep))
	for bin := range p.ledger {
		if bin != checkpoint.Carried && bin < p.change.Forget {
			delete(p.ledger, bin)
		}
	}
	if p.carried != nil && p.cursor.CompleteUntil.Add(-overlap).After(p.cursor.CarriedUntil) {
		p.carried = nil
		delete(p.ledger, checkpoint.Carried)
		p.change.DropCarried = true
	}
}

// drop drops the bins that are not needed, and lets earlier ones come than those that were.
func (p *position) drop(needed func(checkpoint.Bin) bool) {
	for bin := range p.ledger {
		if !needed(bin) {
			delete(p.ledger, bin)
			p.change.Drop[bin] = struct{}{}
		}
	}
	p.recent, p.change.Forget = map[checkpoint.Bin]map[uuid.UUID]struct{}{}, 0
}

// take returns the change since the last one, to be stored.
func (p *position) take(at time.Time) checkpoint.Change {
	change := p.change
	change.Cursor, change.At = p.cursor, at
	forget := change.Forget
	p.resetChange()
	p.change.Forget = forget
	return change
}
