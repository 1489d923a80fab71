package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// Turn is a table's request to send a query.
type Turn struct {
	Table string
	Kind  string // of query: costs are estimated for each kind
	// Extent is the length of time that the query looks at. The cost grows with it. Zero: the cost does not depend on it.
	Extent   time.Duration
	Priority int           // 1 is served first
	Due      time.Time     // the wait is measured from here
	Behind   time.Duration // the backlog: how late the rows were when the turn was due
	Spare    bool          // takes what all others leave, whatever its priority
}

// Store keeps what a receiver has spent. It is a part of storage.Client.
type Store interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Set(ctx context.Context, key string, value []byte) error
}

// Config is a receiver's part in a tenant.
type Config struct {
	// Tenant names the quota, which is shared with the receivers of this process that name the same. Empty: not shared.
	Tenant   string
	Receiver string // tells it apart from the others of the tenant
	Slots    int    // queries at a time
	Limits   quota.Limits
	Store    Store  // nil: nothing is remembered
	Key      string // in the store
	Logger   *zap.Logger
	// Report is called when the state changes that Snapshot gives. It may be nil.
	Report func(Snapshot)
}

// Scheduler hands out a receiver's turns.
type Scheduler struct {
	cfg    Config
	tenant *tenant
	cancel context.CancelFunc
	ended  sync.WaitGroup
	dirty  chan struct{} // something is to be stored
	notify chan struct{} // something is to be reported

	// What follows is guarded by tenant.mu.

	free     int           // slots
	running  int           // queries that were granted and not charged yet
	estimate time.Duration // of what they cost
	stored   stored
	restore  restored
}

// Join makes a receiver's scheduler, with what the receiver spent before. Stop ends it. The error is the storage's. A
// stored value that cannot be decoded is no error: then an hour's share counts as spent.
func Join(ctx context.Context, cfg Config) (*Scheduler, error) {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	s := &Scheduler{cfg: cfg, free: cfg.Slots, dirty: make(chan struct{}, 1), notify: make(chan struct{}, 1)}
	var data []byte
	if cfg.Store != nil {
		var err error
		if data, err = cfg.Store.Get(ctx, cfg.Key); err != nil {
			return nil, fmt.Errorf("read %q from the storage: %w", cfg.Key, err)
		}
	}
	s.tenant = enter(s)
	s.load(data)
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.ended.Go(func() { s.keep(runCtx) })
	return s, nil
}

// Stop ends the scheduler and stores what was spent. Its queries have ended before. No turn is given afterwards.
func (s *Scheduler) Stop(ctx context.Context) error {
	s.cancel()
	leave(s)
	ended := make(chan struct{})
	go func() {
		s.ended.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return s.store(ctx, true)
	case <-ctx.Done():
		// A write hangs. The record that it stores has a reserve, which covers what was spent since.
		return fmt.Errorf("store %q: %w", s.cfg.Key, ctx.Err())
	}
}

// Grant is a turn that was given. Release is called when the service has answered, Charge when the cost is known, which
// is when the answer was read.
type Grant struct {
	s        *Scheduler
	key      string
	turn     Turn
	class    quota.Class
	estimate time.Duration
}

// Acquire waits for a turn. The only error is that of ctx.
func (s *Scheduler) Acquire(ctx context.Context, turn Turn) (*Grant, error) {
	return s.wait(ctx, &waiter{s: s, turn: turn, granted: make(chan struct{})})
}

// AcquireAgain waits until a query that has a turn may be sent a second time. This counts as a second request.
func (s *Scheduler) AcquireAgain(ctx context.Context) error {
	_, err := s.wait(ctx, &waiter{s: s, turn: Turn{Priority: 1, Due: time.Now()}, again: true, granted: make(chan struct{})})
	return err
}

func (s *Scheduler) wait(ctx context.Context, w *waiter) (*Grant, error) {
	t := s.tenant
	t.mu.Lock()
	t.waiting = append(t.waiting, w)
	t.dispatch()
	t.mu.Unlock()
	select {
	case <-w.granted:
		return w.grant, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.remove(w) && !w.again {
		// It was granted in the same moment: the slot goes to the next turn.
		w.grant.cancel()
	}
	t.dispatch()
	return nil, ctx.Err()
}

// Release frees the slot. serviceNow is the service's time if it is known, else zero.
func (g *Grant) Release(serviceNow time.Time) {
	t := g.s.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	g.s.observe(serviceNow)
	g.s.free++
	t.dispatch()
}

// Cancel returns a turn with which no query was sent. It is called instead of Release and Charge.
func (g *Grant) Cancel() {
	t := g.s.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	g.cancel()
	t.dispatch()
}

// cancel frees slot and quota. mu is held.
func (g *Grant) cancel() {
	g.s.free++
	g.charge(0)
}

// Charge counts the CPU that the query has cost.
func (g *Grant) Charge(cost time.Duration) {
	t := g.s.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	t.estimates.learn(g.key, g.turn.Spare, cost, g.turn.Extent)
	g.charge(cost)
	g.s.spentCPU(cost)
	t.dispatch()
}

// charge replaces the estimate by the cost. mu is held.
func (g *Grant) charge(cost time.Duration) {
	g.s.running--
	g.s.estimate -= g.estimate
	g.s.tenant.account.Charge(g.s.cfg.Receiver, time.Now(), g.class, g.estimate, cost)
}

// Block holds all turns of the tenant until a time. A block that ends later stays.
func (s *Scheduler) Block(until time.Time, why string) {
	t := s.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	if until.After(t.blockedUntil) {
		t.blockedUntil, t.blockedBy = until, why
		for member := range t.members {
			signal(member.dirty)
		}
		t.dispatch()
	}
}

// Short reports whether tables wait because the quota does not suffice for all.
func (s *Scheduler) Short() bool {
	s.tenant.mu.Lock()
	defer s.tenant.mu.Unlock()
	return s.tenant.short(time.Now())
}

// Snapshot is the state of a receiver's quota.
type Snapshot struct {
	Windows      []quota.Use
	BlockedUntil time.Time // after a 429; zero if the service did not ask to wait
	BlockedBy    string
	Short        bool      // tables wait because the quota does not suffice for all
	Waiting      []Waiting // turns of this receiver, in no order
	StoreFailure error     // of storing what was spent; while it lasts no query is sent
}

// Waiting is a turn that was not given yet.
type Waiting struct {
	Turn
	ForQuota bool // and not only for a slot
}

// Snapshot is the present state.
func (s *Scheduler) Snapshot() Snapshot {
	t, now := s.tenant, time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	snapshot := Snapshot{Windows: t.account.Uses(now), Short: t.short(now), StoreFailure: s.stored.failure}
	if t.blockedUntil.After(now) {
		snapshot.BlockedUntil, snapshot.BlockedBy = t.blockedUntil, t.blockedBy
	}
	for _, w := range t.waiting {
		if w.s == s && !w.again {
			snapshot.Waiting = append(snapshot.Waiting, Waiting{w.turn, w.forQuota})
		}
	}
	return snapshot
}

// signal wakes the listener of a channel. Signals that it has not taken yet are one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

var errNoReserve = errors.New("the spent quota cannot be stored, so no more queries are sent")
