package ledger

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
)

// Ledger is how far one lane of a table was delivered, and which rows were. It belongs to the loop of its lane; the
// keeper is given what is to be stored as changes.
type Ledger struct {
	shelf shelf

	// cursor.CompleteUntil never moves back, except for an answer that turns out to be out of order.
	cursor Cursor
	// bins are the numbers of rows delivered and refused in each bin, and what audits counted in it.
	bins map[Bin]Entry
	// recent holds the rows that may be read again: those of the bins from the overlap on.
	recent recent
	// carried are the rows read before the time basis changed, and whether they were refused; nil once none of them can
	// be read again.
	carried map[uuid.UUID]bool

	// pending is what has come since the last change was given to the keeper.
	pending change
}

// Begin makes the ledger of a live lane that is read from a time on. A nil keeper stores nothing.
func Begin(keeper *Keeper, lane, timeBasis, filter string, from time.Time) *Ledger {
	return newLedger(keeper, lane, Cursor{
		TimeBasis: timeBasis, Filter: filter, Since: from, CompleteUntil: from, LiveStart: LiveStart{TimeBasis: timeBasis, At: from},
	}, nil)
}

// Open takes up what is stored of a lane; it is nil if nothing is. LoadRecent completes it.
func Open(ctx context.Context, keeper *Keeper, lane string) (*Ledger, error) {
	cursor, index, found, err := keeper.load(ctx, lane)
	if err != nil || !found {
		return nil, err
	}
	if cursor.LiveStart.At.IsZero() && cursor.History == nil {
		cursor.LiveStart = LiveStart{TimeBasis: cursor.TimeBasis, At: cursor.Since}
	}
	return newLedger(keeper, lane, cursor, index), nil
}

func newLedger(keeper *Keeper, lane string, c Cursor, index map[Bin]Entry) *Ledger {
	l := &Ledger{shelf: shelf{keeper, lane}, cursor: c, bins: map[Bin]Entry{}, recent: recent{}}
	maps.Copy(l.bins, index)
	l.pending = newChange()
	return l
}

// Cursor is a copy of the cursor.
func (l *Ledger) Cursor() Cursor { return l.cursor.clone() }

// CompleteUntil is the time before which all rows were delivered; in history, all rows of the span that was read last.
func (l *Ledger) CompleteUntil() time.Time { return *l.cursor.completeUntil() }

// Entry is what is known of a bin.
func (l *Ledger) Entry(bin Bin) Entry { return l.bins[bin] }

// HasRows reports whether there is a row in the bins.
func (l *Ledger) HasRows() bool {
	for _, entry := range l.bins {
		if entry.Rows > 0 {
			return true
		}
	}
	return false
}

// Unreadable are the ranges that are passed over and tried again.
func (l *Ledger) Unreadable() Unreadable { return Unreadable{&l.cursor} }

// Recognise reports whether a row was delivered or refused before; at is its place on the time basis. A row from before
// the time basis changed is entered at its place, as what it was.
func (l *Ledger) Recognise(uid uuid.UUID, at time.Time) bool {
	if l.recent.has(BinOf(at), uid) {
		return true
	}
	refused, ok := l.carried[uid]
	if !ok {
		return false
	}
	delete(l.carried, uid)
	if refused {
		l.Refuse(uid, at)
	} else {
		l.Deliver(uid, at)
	}
	return true
}

// Deliver says that a row was delivered.
func (l *Ledger) Deliver(uid uuid.UUID, at time.Time) {
	bin := BinOf(at)
	l.recent.remember(bin, uid)
	l.pending.delivered[bin] = append(l.pending.delivered[bin], uid)
	entry := l.bins[bin]
	entry.Rows++
	l.bins[bin] = entry
}

// Refuse says that the pipeline refused a row for good: it is not read again, and it is not delivered.
func (l *Ledger) Refuse(uid uuid.UUID, at time.Time) {
	l.Deliver(uid, at)
	bin := BinOf(at)
	l.pending.refused[bin] = append(l.pending.refused[bin], uid)
	entry := l.bins[bin]
	entry.Refused++
	l.bins[bin] = entry
}

// SetCounted says that an audit has read a bin whole, when the service had this many rows in it.
func (l *Ledger) SetCounted(bin Bin, rows int) {
	entry := l.bins[bin]
	entry.Counted = rows
	l.bins[bin] = entry
	l.pending.counted[bin] = rows
}

// Advance says that all rows before a time were delivered.
func (l *Ledger) Advance(to time.Time) {
	if until := l.cursor.completeUntil(); to.After(*until) {
		*until = to
	}
}

// Retract takes an advance back: rows from a time on may be missing.
func (l *Ledger) Retract(to time.Time) { *l.cursor.completeUntil() = to }

// SetBack makes the lane go on at an earlier time, even one before its beginning.
func (l *Ledger) SetBack(to time.Time) {
	l.cursor.CompleteUntil = to
	if l.cursor.Since.After(to) {
		l.cursor.Since = to
	}
}

// SetFilter says by which filter rows are read from now on. What was counted under another one is not comparable.
func (l *Ledger) SetFilter(filter string) {
	if l.cursor.Filter != filter {
		l.cursor.Filter, l.cursor.Since = filter, l.cursor.CompleteUntil
	}
}

// Forget drops from memory what lies before the overlap, and from the bins what lies before keep and before all
// unreadable ranges.
func (l *Ledger) Forget(overlap time.Duration, keep time.Time) {
	for _, r := range l.cursor.Unreadable {
		if r.From.Before(keep) {
			keep = r.From
		}
	}
	again := l.CompleteUntil().Add(-overlap)
	oldest := BinOf(again)
	l.recent.forget(oldest)
	l.pending.forget = min(oldest, BinOf(keep))
	maps.DeleteFunc(l.bins, func(bin Bin, _ Entry) bool { return bin != Carried && bin < l.pending.forget })
	if l.carried != nil && again.After(l.cursor.CarriedUntil) {
		l.carried = nil
		delete(l.bins, Carried)
		l.pending.dropCarried = true
	}
}

// Load loads the stored row ids of a range, to recognise its rows.
func (l *Ledger) Load(ctx context.Context, from, to time.Time) error {
	for bin := BinOf(from); bin.Start().Before(to); bin++ {
		if err := l.shelf.load(ctx, bin, l.recent); err != nil {
			return err
		}
	}
	return nil
}

// LoadRecent loads the stored row ids that may be read again first: those of the overlap, and carried ones.
func (l *Ledger) LoadRecent(ctx context.Context, overlap time.Duration) error {
	oldest, h := BinOf(l.CompleteUntil().Add(-overlap)), l.cursor.History
	for bin := range l.bins {
		if bin == Carried {
			l.carried = map[uuid.UUID]bool{}
			if err := l.shelf.collect(ctx, bin, l.bins[bin], l.carried); err != nil {
				return err
			}
			continue
		}
		if bin < oldest || h != nil && !bin.Start().Before(h.Span.To) {
			continue
		}
		if err := l.shelf.load(ctx, bin, l.recent); err != nil {
			return err
		}
	}
	return nil
}

// CarryOver makes the ledger of the same lane along another time basis, which is read from a time on. All rows that
// were delivered or refused are recognised there, until the lane has passed the present time, until.
func (l *Ledger) CarryOver(ctx context.Context, timeBasis, filter string, from, until time.Time) (*Ledger, error) {
	carried := map[uuid.UUID]bool{}
	for bin, entry := range l.bins {
		if err := l.shelf.collect(ctx, bin, entry, carried); err != nil {
			return nil, fmt.Errorf("carry rows over to %s: %w", timeBasis, err)
		}
	}
	maps.Copy(carried, l.carried)
	next := newLedger(l.shelf.keeper, l.shelf.lane, Cursor{
		TimeBasis: timeBasis, Filter: filter, Since: from, CompleteUntil: from,
		CarriedUntil: until, Unreadable: l.cursor.Unreadable, LiveStart: l.cursor.LiveStart,
	}, nil)
	next.carried = carried
	for id, refused := range carried {
		next.pending.delivered[Carried] = append(next.pending.delivered[Carried], id)
		if refused {
			next.pending.refused[Carried] = append(next.pending.refused[Carried], id)
		}
	}
	next.pending.reset, next.pending.dropCarried = true, true
	return next, nil
}

// Failure is why what was kept could not be stored last; nil: it could.
func (l *Ledger) Failure() error {
	if l.shelf.keeper == nil {
		return nil
	}
	return l.shelf.keeper.Failure()
}

// Keep gives the keeper what has come since the last call. It is stored once it is due. The error is that of the last
// write.
func (l *Ledger) Keep(now time.Time) error {
	c := l.pending.take(l.Cursor(), now)
	if l.shelf.keeper == nil {
		return nil
	}
	return l.shelf.keeper.keep(l.shelf.lane, c)
}
