package paging

import (
	"math/rand/v2"
	"time"
)

const (
	// A table that brings full pages is polled up to busiest times as often as poll_interval says.
	busiest = 4
	// While the quota is short, a table that brings nothing is polled down to idlest times less often.
	idlest = 4
	// steady is the number of polls in a row that make a change.
	steady = 3
	// jitterRatio of an interval is left out at random, so that the tables of a receiver, and receivers that
	// were started together, do not all ask at once.
	jitterRatio = 0.1
	// leadRatio of an interval is the most by which a poll begins earlier because polls take time.
	leadRatio = 0.2
)

// Cadence adapts the interval of a table to what it brings. The interval is never longer than poll_interval, unless
// the quota is short: then tables without rows make room for the others, those of priority 1 excepted.
type Cadence struct {
	configured, current time.Duration
	priority            int
	full, empty         int // polls in a row
}

// NewCadence makes the cadence of a table that is to be polled at an interval.
func NewCadence(configured time.Duration, priority int) Cadence {
	return Cadence{configured: configured, current: configured, priority: priority}
}

// Interval is the present interval.
func (c *Cadence) Interval() time.Duration { return c.current }

// Polled takes the outcome of a poll.
func (c *Cadence) Polled(rows, pageRows int, short bool) {
	switch {
	case rows >= pageRows:
		c.full, c.empty = c.full+1, 0
	case rows == 0:
		c.full, c.empty = 0, c.empty+1
	default:
		c.full, c.empty = 0, 0
	}
	switch {
	case c.full >= steady && !short:
		c.current = max(min(c.current, c.configured)/2, c.configured/busiest)
	case c.empty >= steady && short && c.priority > 1:
		c.current = min(max(c.current, c.configured)*2, c.configured*idlest)
	case c.full == 0 && c.current < c.configured, c.current > c.configured, short:
		c.current = c.configured
	}
}

// next is how long after a poll has begun the next one does.
func (c *Cadence) next() time.Duration {
	return c.current - time.Duration(rand.Float64()*jitterRatio*float64(c.current)) //nolint:gosec // no secret
}

// Idle is how long a table that is up to date waits for its next poll, after one that took that long.
func (c *Cadence) Idle(spent time.Duration) time.Duration {
	return max(c.next()-c.lead(spent)-spent, 0)
}

// lead is by how much earlier a poll begins, so that its rows are there when the interval is over: by what
// the last one took, as much again because the next may wait for a slot, and the second that Date is coarse.
func (c *Cadence) lead(spent time.Duration) time.Duration {
	return min(2*spent+time.Second, time.Duration(leadRatio*float64(c.current)))
}
