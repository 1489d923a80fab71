package hunting

import (
	"sync"
	"time"
)

// dateResolution is that of the HTTP Date header.
const dateResolution = time.Second

// ServiceClock knows the service's time from the Date headers of its answers, so that a wrong local
// clock neither skips rows nor waits for none. The zero value is ready for use.
type ServiceClock struct {
	mu sync.Mutex // guards everything below
	// The service's clock is ahead of the local one by at least least and at most most.
	least, most time.Duration
	known       bool
}

// Observe takes an answer's Date header, with the local times at which its request was sent and its
// header received. The service wrote date between the two.
func (c *ServiceClock) Observe(date, sent, received time.Time) {
	least, most := date.Sub(received), date.Add(dateResolution).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known && least <= c.most && most >= c.least {
		least, most = max(least, c.least), min(most, c.most)
	}
	// An observation that contradicts the earlier ones means that a clock was set: it counts alone.
	c.least, c.most, c.known = least, most, true
}

// Now is the service's time at the local time given, and whether it is known. It is never ahead of the
// service's true time by more than the clocks drift apart between two answers.
func (c *ServiceClock) Now(local time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return time.Time{}, false
	}
	return local.Add(c.least), true
}
