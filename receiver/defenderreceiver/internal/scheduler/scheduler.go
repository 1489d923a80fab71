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

// Limits are what the scheduler keeps within.
type Limits struct {
	Slots    int     // queries at a time
	Requests []Limit // in requests
	CPU      []Limit // in seconds
}

// Scheduler hands out turns.
type Scheduler struct {
	// mu guards everything below.
	mu           sync.Mutex
	free         int
	requests     quota
	cpu          quota
	waiting      []*waiter // in the order in which they asked
	blockedUntil time.Time
	wake         *time.Timer
}

type waiter struct {
	turn    Turn
	granted chan struct{}
}

// New returns a scheduler that has spent nothing yet.
func New(limits Limits) *Scheduler {
	return &Scheduler{free: limits.Slots, requests: newQuota(limits.Requests), cpu: newQuota(limits.CPU)}
}

// Acquire waits for a turn. The caller calls release, once, when its query is off the service. The
// only error is that of ctx.
func (s *Scheduler) Acquire(ctx context.Context, turn Turn) (release func(), err error) {
	w := &waiter{turn: turn, granted: make(chan struct{})}
	s.mu.Lock()
	s.waiting = append(s.waiting, w)
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

// Charge takes CPU time that a query has cost out of the quota.
func (s *Scheduler) Charge(cpu time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cpu.add(time.Now(), cpu.Seconds())
}

// Used is the spent share of each window of requests and of CPU, by the window's length.
func (s *Scheduler) Used() (requests, cpu map[time.Duration]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	return s.requests.used(now), s.cpu.used(now)
}

// Stop ends the timer that gives held turns. Turns are then given no more until Acquire is called again.
func (s *Scheduler) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake != nil {
		s.wake.Stop()
	}
}

func (s *Scheduler) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	s.dispatch()
}

// dispatch gives free slots to waiters, as far as the quota allows. mu is held.
func (s *Scheduler) dispatch() {
	for s.free > 0 && len(s.waiting) > 0 {
		now := time.Now()
		if until := s.heldUntil(now); until.After(now) {
			s.wakeAt(until.Sub(now))
			return
		}
		i := s.next(now)
		w := s.waiting[i]
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.free--
		s.requests.add(now, 1)
		close(w.granted)
	}
}

// ageing is the time after which a turn that waits counts as one priority more urgent, so that the
// backlog of an urgent table slows the others down and does not stop them.
const ageing = 10 * time.Second

// next is the index of the waiter that is served first.
func (s *Scheduler) next(now time.Time) int {
	urgency := func(w *waiter) int { return w.turn.Priority - int(max(now.Sub(w.turn.Due), 0)/ageing) }
	first := 0
	for i, w := range s.waiting[1:] {
		best := s.waiting[first]
		if cmp.Or(cmp.Compare(urgency(w), urgency(best)), w.turn.Due.Compare(best.turn.Due)) < 0 {
			first = i + 1
		}
	}
	return first
}

// heldUntil is when the next turn may be given.
func (s *Scheduler) heldUntil(now time.Time) time.Time {
	until := s.blockedUntil
	for _, free := range []time.Time{s.requests.freeAt(now, 1), s.cpu.freeAt(now, 0)} {
		if free.After(until) {
			until = free
		}
	}
	return until
}

func (s *Scheduler) wakeAt(wait time.Duration) {
	if s.wake == nil {
		s.wake = time.AfterFunc(wait, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.dispatch()
		})
		return
	}
	s.wake.Reset(wait)
}
