package scheduler

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

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
	name   string // of the tenant
	tenant *tenant
	member *member
	keeper keeper
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// Join makes a receiver's scheduler, with what the receiver spent before. Stop ends it. The error is the storage's. A
// stored value that cannot be decoded is no error: then an hour's share counts as spent.
func Join(ctx context.Context, cfg Config) (*Scheduler, error) {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	var data []byte
	var remembered reserve
	if cfg.Store != nil {
		var err error
		if data, err = cfg.Store.Get(ctx, cfg.Key); err != nil {
			return nil, fmt.Errorf("read %q from the storage: %w", cfg.Key, err)
		}
		remembered = newReserve(cfg.Limits)
	}
	m := newMember(cfg.Receiver, cfg.Slots, cfg.Limits, remembered)
	t, differ := enter(cfg.Tenant, m)
	for _, other := range differ {
		cfg.Logger.Warn("Another receiver uses the same tenant and client with another quota: the smaller of each figure counts for both.",
			zap.String("receiver", other))
	}
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Scheduler{name: cfg.Tenant, tenant: t, member: m, cancel: cancel, keeper: keeper{
		store: cfg.Store, key: cfg.Key, logger: cfg.Logger, tenant: t, member: m, report: cfg.Report,
	}}
	s.keeper.load(data)
	s.ended.Go(func() { s.keeper.run(runCtx) })
	return s, nil
}

// Stop ends the scheduler and stores what was spent. Its queries have ended before. No turn is given afterwards.
func (s *Scheduler) Stop(ctx context.Context) error {
	s.cancel()
	leave(s.name, s.tenant, s.member)
	ended := make(chan struct{})
	go func() {
		s.ended.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return s.keeper.write(ctx, true)
	case <-ctx.Done():
		// A write hangs. The record that it stores has a reserve, which covers what was spent since.
		return fmt.Errorf("store %q: %w", s.keeper.key, ctx.Err())
	}
}

// Grant is a turn that was given. Release is called when the service has answered, Charge when the cost is known, which
// is when the answer was read.
type Grant struct {
	tenant *tenant
	turn   *waiter
}

// Acquire waits for a turn. The only error is that of ctx.
func (s *Scheduler) Acquire(ctx context.Context, turn Turn) (*Grant, error) {
	w := newWaiter(s.member, turn)
	if err := s.wait(ctx, w); err != nil {
		return nil, err
	}
	return &Grant{s.tenant, w}, nil
}

// AcquireAgain waits until a query that has a turn may be sent a second time. This counts as a second request.
func (s *Scheduler) AcquireAgain(ctx context.Context) error {
	w := newWaiter(s.member, Turn{Priority: 1, Due: time.Now()})
	w.again = true
	return s.wait(ctx, w)
}

func (s *Scheduler) wait(ctx context.Context, w *waiter) error {
	s.tenant.ask(w)
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
		s.tenant.giveUp(w)
		return ctx.Err()
	}
}

// Release frees the slot. serviceNow is the service's time if it is known, else zero.
func (g *Grant) Release(serviceNow time.Time) { g.tenant.release(g.turn.member, serviceNow) }

// Cancel returns a turn with which no query was sent. It is called instead of Release and Charge.
func (g *Grant) Cancel() { g.tenant.giveUp(g.turn) }

// Charge counts the CPU that the query has cost.
func (g *Grant) Charge(cost time.Duration) { g.tenant.charge(g.turn, cost) }

// Block holds all turns of the tenant until a time. A block that ends later stays.
func (s *Scheduler) Block(until time.Time, why string) { s.tenant.hold(block{until, why}) }

// Short reports whether tables wait because the quota does not suffice for all.
func (s *Scheduler) Short() bool { return s.tenant.isShort() }

// Snapshot is the present state.
func (s *Scheduler) Snapshot() Snapshot { return s.tenant.snapshot(s.member) }
