package quota

import (
	"time"
)

const (
	// marginPart of a window is kept from queries that are not urgent: one sixteenth.
	marginPart = 16
	// needPart is added to what urgent queries have spent lately, to get what they may need: one eighth.
	needPart = 8
	// othersPart of a window is left to queries that are not urgent, whatever urgent ones need: one eighth.
	othersPart = 8
	// learnedAfter is the shortest time that tells what urgent queries spend.
	learnedAfter = 5 * time.Minute
)

// Class is how urgent a query is.
type Class uint8

// The classes.
const (
	// Urgent may spend all that is left of every window.
	Urgent Class = iota
	// Patient leaves a margin to urgent ones, and what they are known to need, but is not paced.
	Patient
	// Paced leaves as much, and spends no faster than the long windows last.
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
	urgent float64   // the part of sum that urgent queries have spent
	since  time.Time // when the first of them was
}

// expense is what was spent at a time; they stand oldest first.
type expense struct {
	at     time.Time
	amount float64
	urgent bool
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

func (w *window) add(at time.Time, amount float64, urgent bool) {
	w.spent = append(w.spent, expense{at, amount, urgent})
	w.sum += amount
	if urgent {
		w.urgent += amount
		if w.since.IsZero() {
			w.since = at
		}
	}
	if w.pace != nil {
		w.pace.spend(at, amount)
	}
}

// forget drops what has left the window.
func (w *window) forget(now time.Time) {
	n := 0
	for n < len(w.spent) && !w.spent[n].at.After(now.Add(-w.limit.Window)) {
		w.sum -= w.spent[n].amount
		if w.spent[n].urgent {
			w.urgent -= w.spent[n].amount
		}
		n++
	}
	w.spent = w.spent[n:]
	if len(w.spent) == 0 {
		// Rounding must not add up over months.
		w.sum, w.urgent = 0, 0
	}
}

// leaves is how much too much others than urgent queries would have spent with amount more, to leave
// urgent ones what they need in as long as the window, going by what they have spent lately.
func (w *window) leaves(now time.Time, amount float64) float64 {
	seen := min(max(now.Sub(w.since), learnedAfter), w.limit.Window)
	need := w.urgent * float64(w.limit.Window) / float64(seen)
	need = min(need+need/needPart, w.limit.Amount-w.limit.Amount/othersPart)
	return w.sum - w.urgent + amount - (w.limit.Amount - need)
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
	if class != Urgent {
		excess = w.leaves(now, amount+underWay)
		for i := 0; excess > roundOff && i < len(w.spent); i++ {
			if w.spent[i].urgent {
				continue
			}
			excess -= w.spent[i].amount
			if left := w.spent[i].at.Add(w.limit.Window); left.After(free) {
				free = left
			}
		}
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
