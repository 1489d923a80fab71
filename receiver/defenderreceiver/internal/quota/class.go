package quota

// Class is how urgent a query is. What was spent is counted as Urgent, Paced or Spare.
type Class uint8

// The classes, the most urgent first.
const (
	// Urgent may spend all that is left of every window.
	Urgent Class = iota
	// Unpaced leaves a margin to urgent queries, and what they are known to need. It is for paced turns past a deadline.
	Unpaced
	// Paced leaves as much, and spends no faster than the token buckets of long windows fill.
	Paced
	// Spare leaves all others what they are known to need, a burst of them, and two margins.
	Spare
)

// yields reports whether a query leaves those of another class what they are known to need.
func (c Class) yields(to Class) bool {
	if c == Spare {
		return to != Spare
	}
	return c != Urgent && to == Urgent
}
