package quota

import (
	"math"
	"time"
)

// window counts what was spent in the time that lies back no longer than the limit's window.
type window struct {
	limit  Limit
	margin float64
	pace   *bucket // nil where the window is short; what is spare does not slow the others down
	spent  []expense
	sum    float64
	parts  [Spare + 1]part // of sum
	// peak is the most that all but spare queries have spent. Polls come in bursts, and two bursts may fall into one
	// window.
	peak   float64
	peakAt time.Time
}

// expense is what was spent at a time; they stand oldest first.
type expense struct {
	at     time.Time
	amount float64
	class  Class
}

// part is what queries of a class have spent.
type part struct {
	sum   float64
	since time.Time // when the first of them was; zero: there was none
}

func newWindow(limit Limit, whole bool) *window {
	w := &window{limit: limit, margin: limit.Amount * marginShare}
	if whole {
		// Requests are counted in whole ones.
		w.margin = float64(int(w.margin))
	}
	if limit.Window >= pacedFrom {
		w.pace = newBucket(limit)
	}
	return w
}

// add takes in what was spent just now.
func (w *window) add(at time.Time, amount float64, class Class) {
	w.spend(at, amount, class)
	if class == Spare {
		return
	}
	w.forget(at)
	// More than the limit cannot be left to them.
	w.peak, w.peakAt = min(max(w.peakOf(at), w.sum-w.parts[Spare].sum), w.limit.Amount), at
}

// spend is add without the peak.
func (w *window) spend(at time.Time, amount float64, class Class) {
	w.spent = append(w.spent, expense{at, amount, class})
	w.sum += amount
	p := &w.parts[class]
	p.sum += amount
	if p.since.IsZero() {
		p.since = at
	}
	if class != Spare && w.pace != nil {
		w.pace.spend(at, amount)
	}
}

// restore takes in an amount of a slot. A slot that is coarser than the window does not change the peak. A reserve
// counts as spare: it may not have been spent, so it says nothing of what a class needs.
func (w *window) restore(now time.Time, s slot, class Class, amount float64) {
	at := s.end
	if at.After(now) {
		at = now
	}
	switch {
	case amount == 0:
	case s.reserve:
		w.spend(at, amount, Spare)
	case w.limit.Window < fineAge && at.Before(now.Add(w.limit.Window-fineAge)):
		w.spend(at, amount, class)
	default:
		w.add(at, amount, class)
	}
}

// peakOf is the peak after its decay.
func (w *window) peakOf(now time.Time) float64 {
	return w.peak * math.Exp2(-float64(max(now.Sub(w.peakAt), 0))/float64(peakHalfLife))
}

// forget drops what has left the window.
func (w *window) forget(now time.Time) {
	n := 0
	for n < len(w.spent) && !w.spent[n].at.After(now.Add(-w.limit.Window)) {
		w.sum -= w.spent[n].amount
		w.parts[w.spent[n].class].sum -= w.spent[n].amount
		n++
	}
	w.spent = w.spent[n:]
	if len(w.spent) == 0 {
		// Rounding must not add up over months.
		w.sum = 0
		for class := range w.parts {
			w.parts[class].sum = 0
		}
	}
}

// leaves is the excess of a class with amount more: by how much it, and the classes that yield like it, would then take
// from what the others need in one window. The need is computed from what these have spent lately. Zero or less: no
// excess.
func (w *window) leaves(now time.Time, class Class, amount float64) float64 {
	theirs, since := 0.0, now
	for to, p := range w.parts {
		if class.yields(Class(to)) {
			theirs += p.sum
			if !p.since.IsZero() && p.since.Before(since) {
				since = p.since
			}
		}
	}
	seen := min(max(now.Sub(since), minObservation), w.limit.Window)
	need := theirs * float64(w.limit.Window) / float64(seen)
	if class == Spare {
		need = max(need, w.peakOf(now)) + w.margin // the others leave this margin too
	} else {
		need = min(need+need*needHeadroom, w.limit.Amount-w.limit.Amount*pacedFloor)
	}
	return w.sum - theirs + amount - (w.limit.Amount - need)
}

// freeAt is when amount more fits into the window beside the queries that run. A time that is past means now. An amount
// beyond the limit itself fits once the window is empty.
func (w *window) freeAt(now time.Time, class Class, amount, underWay float64) (time.Time, bool) {
	w.forget(now)
	room := w.limit.Amount
	switch class {
	case Urgent:
	case Spare:
		room -= spareMargins * w.margin
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
		excess = w.leaves(now, class, amount+underWay)
		for i := 0; excess > roundOff && i < len(w.spent); i++ {
			if class.yields(w.spent[i].class) {
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
