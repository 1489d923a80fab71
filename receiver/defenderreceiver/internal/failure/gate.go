package failure

import (
	"context"
	"sync"
	"time"
)

// Gate is where the loops of a receiver wait. While the credentials are refused it holds all of them back, but for
// one that tries once an hour, and at once when the credentials change.
type Gate struct {
	// mu guards everything below.
	mu sync.Mutex
	// wake is closed, and made anew, when something changes that a loop may wait for.
	wake chan struct{}
	// accepted is when the service accepted the credentials last.
	accepted time.Time
	// denied: the credentials are refused. nextTry is then when one loop tries.
	denied  bool
	nextTry time.Time
	// succeeded is when a poll succeeded last; recovered, when one did that had failed before.
	succeeded, recovered time.Time
	// changed is when the credentials changed last.
	changed time.Time
}

// NewGate makes an open gate.
func NewGate() *Gate { return &Gate{wake: make(chan struct{})} }

// Deny closes the gate, because a loop was refused again and again since a time. It reports false for all if another
// loop was accepted in between: then only that one is meant. first tells whether this call has closed it.
func (g *Gate) Deny(since time.Time) (all, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.accepted.After(since) {
		return false, false
	}
	first = !g.denied
	g.denied, g.nextTry = true, time.Now().Add(actPause)
	return true, first
}

// Accept says that the service accepted the credentials. It reports whether that has opened the gate.
func (g *Gate) Accept() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.accepted = time.Now()
	if !g.denied {
		return false
	}
	g.denied = false
	g.recovered = g.accepted
	g.signal()
	return true
}

// Succeed says that a poll succeeded; recovered, that polls of that loop had failed before.
func (g *Gate) Succeed(recovered bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.succeeded = time.Now()
	if recovered {
		g.recovered = g.succeeded
	}
	g.signal()
}

// CredentialsChanged says that there is a new secret, certificate or token file.
func (g *Gate) CredentialsChanged() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changed = time.Now()
	g.nextTry = g.changed
	g.signal()
}

// signal wakes all who wait. mu is held.
func (g *Gate) signal() {
	close(g.wake)
	g.wake = make(chan struct{})
}

// Wait returns when a loop may poll: at once while the credentials are accepted, else when they are again, when it is
// the one that tries, or when a poll is wanted now. It is false if ctx ended first.
func (g *Gate) Wait(ctx context.Context, wanted <-chan struct{}) bool {
	for ctx.Err() == nil {
		g.mu.Lock()
		now := time.Now()
		if !g.denied || !now.Before(g.nextTry) {
			if g.denied {
				g.nextTry = now.Add(actPause)
			}
			g.mu.Unlock()
			return true
		}
		wake, left := g.wake, g.nextTry.Sub(now)
		g.mu.Unlock()
		switch await(ctx, wake, wanted, left) {
		case ended:
			return false
		case asked:
			return true
		case goOn:
		}
	}
	return false
}

// Rest waits out a verdict. It returns early where that may help: at once when the credentials change and they were
// in doubt, when a loop recovers and the trouble can pass, and after the backoff when another loop succeeds. It is
// false if ctx ended first. A poll that is wanted now ends it, too.
func (g *Gate) Rest(ctx context.Context, v Verdict, backoff time.Duration, wanted <-chan struct{}) bool {
	began := time.Now()
	for {
		g.mu.Lock()
		wake, until := g.wake, g.end(began, v, backoff)
		g.mu.Unlock()
		left := time.Until(until)
		if left <= 0 {
			return ctx.Err() == nil
		}
		switch await(ctx, wake, wanted, left) {
		case ended:
			return false
		case asked:
			return true
		case goOn:
		}
	}
}

// end is until when a rest goes on, as things stand. mu is held.
func (g *Gate) end(began time.Time, v Verdict, backoff time.Duration) time.Time {
	doubted := v.Cause == Credentials || v.Cause == Permission
	switch {
	case doubted && g.changed.After(began), v.Passes && g.recovered.After(began), doubted && g.recovered.After(began):
		return began
	case v.Passes && g.succeeded.After(began):
		return began.Add(min(backoff, v.Wait))
	default:
		return began.Add(v.Wait)
	}
}

// woken is why a wait came to an end.
type woken uint8

const (
	goOn  woken = iota // time has passed, or something has changed
	asked              // a poll is wanted now
	ended              // the context ended
)

// await returns after a while, or earlier when woken.
func await(ctx context.Context, wake, wanted <-chan struct{}, left time.Duration) woken {
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ended
	case <-wanted:
		return asked
	case <-wake:
	case <-timer.C:
	}
	return goOn
}
