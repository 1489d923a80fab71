package hunting

import (
	"sync"
	"time"
)

const (
	// nowResolution is that of KQL's now().
	nowResolution = 100 * time.Nanosecond
	// trustedStep is how far one answer alone may move the clock forward.
	trustedStep = time.Second
)

// ServiceClock knows the service's time from what its now() gave in answers, so that a wrong local clock
// neither skips rows nor waits for none. Rows.ObserveNow feeds it. The zero value is ready for use.
//
// The first answer sets the clock. After it, what moves the clock forward by more than a second counts
// only when the next answer says the same, because a clock that is ahead passes over rows. What moves it
// back counts at once.
type ServiceClock struct {
	mu      sync.Mutex // guards everything below
	trusted *bounds    // nil until the first observation
	doubted *bounds    // the last observation, if it waits to be confirmed
}

// bounds say that at the local time at the service's clock showed a time between least and most. What has
// passed since is taken from the local times' monotonic clock where they have one.
type bounds struct{ at, least, most time.Time }

// after is what b says of a later local time.
func (b bounds) after(at time.Time) bounds {
	passed := at.Sub(b.at)
	return bounds{at: at, least: b.least.Add(passed), most: b.most.Add(passed)}
}

// narrowed is b within what an earlier observation said. It reports false where they contradict each
// other, which means that a clock was set.
func (b bounds) narrowed(earlier bounds) (bounds, bool) {
	earlier = earlier.after(b.at)
	if b.least.After(earlier.most) || b.most.Before(earlier.least) {
		return b, false
	}
	if earlier.least.After(b.least) {
		b.least = earlier.least
	}
	if earlier.most.Before(b.most) {
		b.most = earlier.most
	}
	return b, true
}

// Observe takes what the service's now() gave in an answer, with the local times at which its request was
// sent and its header received. The service fixes now() between the two, when the query starts.
func (c *ServiceClock) Observe(now, sent, received time.Time) {
	seen := bounds{at: received, least: now, most: now.Add(nowResolution).Add(received.Sub(sent))}
	c.mu.Lock()
	defer c.mu.Unlock()
	doubted := c.doubted
	c.doubted = nil
	if c.trusted == nil {
		c.trusted = &seen
		return
	}
	// An observation that contradicts the earlier ones counts alone.
	believed, _ := seen.narrowed(*c.trusted)
	if believed.least.Sub(c.trusted.after(received).least) <= trustedStep {
		c.trusted = &believed
		return
	}
	if doubted != nil {
		confirmed, agree := believed.narrowed(*doubted)
		if agree || confirmed.least.Sub(doubted.after(received).least).Abs() <= trustedStep {
			c.trusted = &confirmed
			return
		}
	}
	c.doubted = &believed
}

// Now is the service's time at the local time given, and whether it is known. It is never ahead of the
// service's true time by more than the clocks drift apart between two answers.
func (c *ServiceClock) Now(local time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trusted == nil {
		return time.Time{}, false
	}
	return c.trusted.after(local).least, true
}
