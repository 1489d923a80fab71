package defenderreceiver

import (
	"context"
	"errors"
	"sync"
	"time"
)

var errCredentials = errors.New("all tables are paused, because the service does not accept the credentials; one of them tries " +
	"once an hour, and all go on when a try succeeds, or at once after a restart")

// access is what the tables of a receiver know of its credentials. While they are not accepted all tables
// are paused, and one of them tries once an hour. A nil access pauses nothing.
type access struct {
	status *status

	// mu guards everything below.
	mu       sync.Mutex
	tables   []*tableState
	accepted time.Time     // when a poll succeeded last
	nextTry  time.Time     // zero while the tables run
	resumed  chan struct{} // closed when they go on
}

func newAccess(status *status) *access { return &access{status: status} }

// join adds a table.
func (a *access) join(state *tableState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tables = append(a.tables, state)
}

// deny pauses all tables, because one was refused again and again since a time. It reports false if
// another table was read in between: then only that one is meant.
func (a *access) deny(since time.Time, cause error) (all, changed bool) {
	if a == nil {
		return false, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accepted.After(since) {
		return false, false
	}
	changed = a.nextTry.IsZero()
	a.nextTry = time.Now().Add(pausedInterval)
	if !changed {
		return true, false
	}
	a.resumed = make(chan struct{})
	for _, table := range a.tables {
		table.pause(reasonCredentials)
	}
	a.status.set(credentialsTrouble, errors.Join(errCredentials, cause))
	return true, true
}

// credentialsTrouble stands beside the tables' names in the status.
const credentialsTrouble = "credentials"

// accept is told of a poll that succeeded, and reports whether that let the tables go on.
func (a *access) accept() bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.accepted = time.Now()
	if a.nextTry.IsZero() {
		return false
	}
	a.nextTry = time.Time{}
	close(a.resumed)
	for _, table := range a.tables {
		table.resume(reasonCredentials)
	}
	a.status.set(credentialsTrouble, nil)
	return true
}

// wait returns when the table may poll: at once while the credentials are accepted, else when they are
// again, or when it is the one that tries. It is false if ctx ended first.
func (a *access) wait(ctx context.Context) bool {
	if a == nil {
		return ctx.Err() == nil
	}
	for {
		a.mu.Lock()
		now := time.Now()
		if a.nextTry.IsZero() || !now.Before(a.nextTry) {
			if !a.nextTry.IsZero() {
				a.nextTry = now.Add(pausedInterval)
			}
			a.mu.Unlock()
			return ctx.Err() == nil
		}
		resumed, timer := a.resumed, time.NewTimer(a.nextTry.Sub(now))
		a.mu.Unlock()
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-resumed:
			timer.Stop()
		case <-timer.C:
		}
	}
}
