package quota

import "time"

// bucket is a token bucket that paces what is spent of a long window. In one window it fills with the amount less half
// its capacity, so that what is spent stays near the amount even after a burst.
type bucket struct {
	capacity  float64
	perSecond float64
	level     float64 // below zero when urgent queries have spent more
	at        time.Time
}

func newBucket(limit Limit) *bucket {
	capacity := limit.Amount * burstShare
	return &bucket{
		capacity:  capacity,
		perSecond: (limit.Amount - capacity/2) / limit.Window.Seconds(),
		level:     capacity,
	}
}

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 && !b.at.IsZero() {
		b.level = min(b.capacity, b.level+passed.Seconds()*b.perSecond)
	}
	if now.After(b.at) {
		b.at = now
	}
}

func (b *bucket) spend(at time.Time, amount float64) {
	b.fill(at)
	b.level -= amount
}

// freeAt is when the bucket holds the amount and what is kept for more urgent queries, or is full.
func (b *bucket) freeAt(now time.Time, class Class, amount float64) time.Time {
	b.fill(now)
	kept := b.capacity * urgentShare
	if class == Spare {
		kept = b.capacity * liveShare
	}
	lacking := min(b.capacity, amount+kept) - b.level
	if lacking <= roundOff {
		return time.Time{}
	}
	return now.Add(time.Duration(lacking/b.perSecond*float64(time.Second)) + time.Millisecond)
}
