package quota

import (
	"time"
)

// marginPart of a window is kept from queries that are not urgent: one eighth.
const marginPart = 8

// Class is how urgent a query is.
type Class uint8

// The classes.
const (
	// Urgent may spend all that is left of every window.
	Urgent Class = iota
	// Patient leaves a margin to urgent ones, but is not paced.
	Patient
	// Paced leaves a margin, and spends no faster than the long windows last.
	Paced
	// Spare is paced, and leaves enough for a burst of all others.
	Spare
)

// spareMargin times the margin is what Spare leaves of a window.
const spareMargin = 2

// window counts what was spent in the time that lies back no longer than the limit's window.
type window struct {
	limit  Limit
	margin float64
	pace   *bucket // nil where the window is short
	spent  []expense
	sum    float64
}

// expense is what was spent at a time; they stand oldest first.
type expense struct {
	at     time.Time
	amount float64
}

func newWindow(limit Limit, whole bool) *window {
	w := &window{limit: limit, margin: limit.Amount / marginPart}
	if whole {
		// Requests are counted in whole ones.
		w.margin = float64(int(w.margin))
	}
	if limit.Window >= pacedFrom {
		w.pace = newBucket(limit)
	}
	return w
}

func (w *window) add(at time.Time, amount float64) {
	w.spent = append(w.spent, expense{at, amount})
	w.sum += amount
	if w.pace != nil {
		w.pace.spend(at, amount)
	}
}

// forget drops what has left the window.
func (w *window) forget(now time.Time) {
	n := 0
	for n < len(w.spent) && !w.spent[n].at.After(now.Add(-w.limit.Window)) {
		w.sum -= w.spent[n].amount
		n++
	}
	w.spent = w.spent[n:]
	if len(w.spent) == 0 {
		// Rounding must not add up over months.
		w.sum = 0
	}
}

// freeAt is when amount more fits into the window beside what is under way; a time that is past means
// now. An amount beyond the limit itself fits once the window is empty.
func (w *window) freeAt(now time.Time, class Class, amount, underWay float64) (time.Time, bool) {
	w.forget(now)
	room := w.limit.Amount
	switch class {
	case Urgent:
	case Spare:
		room -= spareMargin * w.margin
	default:
		room -= w.margin
	}
	if underWay > 0 && underWay+amount > room {
		// Nothing that leaves the window would help.
		return time.Time{}, false
	}
	excess := w.sum + amount + underWay - room
	free := time.Time{}
	for i := 0; excess > roundOff && i < len(w.spent); i++ {
		excess -= w.spent[i].amount
		free = w.spent[i].at.Add(w.limit.Window)
	}
	if class >= Paced && w.pace != nil {
		if paced := w.pace.freeAt(now, class, amount+underWay); paced.After(free) {
			free = paced
		}
	}
	return free, true
}

// roundOff is less than any amount that matters.
const roundOff = 1e-6
