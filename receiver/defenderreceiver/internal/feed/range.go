package feed

import "time"

// Range is a time of last updates that cannot be read: from From on, and before To.
type Range struct {
	From, To time.Time
	// Due is when it is tried again.
	Due time.Time
}

// least is the smallest range that is set aside, which is that of the bounds of a request.
const least = time.Second

// halves divides a range; a range of the least size stays whole.
func (r Range) halves() []Range {
	span := (r.To.Sub(r.From) / 2).Truncate(least)
	if span < least {
		return []Range{r}
	}
	middle := r.From.Add(span)
	return []Range{{From: r.From, To: middle, Due: r.Due}, {From: middle, To: r.To, Due: r.Due}}
}
