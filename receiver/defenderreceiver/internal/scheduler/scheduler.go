package scheduler

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Turn is a table's wish to send a query.
type Turn struct {
	Priority int       // 1 is served first
	Due      time.Time // since when it wishes
}

// Scheduler hands out turns.
type Scheduler struct {
	// mu guards everything below.
	mu           sync.Mutex
	free         int
	waiting      []*waiter // in the order in which they will be served
	blockedUntil time.Time
	unblock      *time.Timer
}

type waiter struct {
	turn    Turn
	granted chan struct{}
}

// New allows slots queries at a time.
func New(slots int) *Scheduler { return &Scheduler{free: slots} }

// Acquire waits for a turn. The caller calls release, once, when its query is off the service. The
// only error is that of ctx.
func (s *Scheduler) Acquire(ctx context.Context, turn Turn) (release func(), err error) {
	w := &waiter{turn: turn, granted: make(chan struct{})}
	s.mu.Lock()
	i, _ := slices.BinarySearchFunc(s.waiting, w, func(a, b *waiter) int {
		// Equals come in the order in which they asked, so the search never finds an equal.
		return cmp.Or(cmp.Compare(a.turn.Priority, b.turn.Priority), a.turn.Due.Compare(b.turn.Due), -1)
	})
	s.waiting = slices.Insert(s.waiting, i, w)
	s.dispatch()
	s.mu.Unlock()
	select {
	case <-w.granted:
		return s.release, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, w); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	} else {
		// Granted in the same moment: the slot goes on to the next.
		s.free++
		s.dispatch()
	}
	return nil, ctx.Err()
}

// Block holds all turns back until a time; an earlier block is not shortened.
func (s *Scheduler) Block(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until.After(s.blockedUntil) {
		s.blockedUntil = until
	}
}

// BlockedUntil is when turns are given again; a time that is past means now.
func (s *Scheduler) BlockedUntil() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blockedUntil
}

// Stop ends the timer of a block. Turns are then given no more until Acquire is called again.
func (s *Scheduler) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unblock != nil {
		s.unblock.Stop()
	}
}

func (s *Scheduler) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	s.dispatch()
}

// dispatch gives free slots to waiters. mu is held.
func (s *Scheduler) dispatch() {
	if wait := time.Until(s.blockedUntil); wait > 0 {
		if s.unblock == nil {
			s.unblock = time.AfterFunc(wait, s.wake)
		} else {
			s.unblock.Reset(wait)
		}
		return
	}
	for s.free > 0 && len(s.waiting) > 0 {
		w := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.free--
		close(w.granted)
	}
}

func (s *Scheduler) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch()
}
