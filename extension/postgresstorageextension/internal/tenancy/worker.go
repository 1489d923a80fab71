package tenancy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/database"
	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// Worker is this process among those that share a database.
type Worker struct {
	name, instance string
	length         time.Duration // of a lease
	db             Database
	tally          *tally
	logger         *zap.Logger
	running        sync.WaitGroup
	cancel         context.CancelFunc

	mu    sync.Mutex // guards everything below
	terms map[string]*Term
	// elsewhere are the leases that this worker did not get when it asked last.
	elsewhere map[string]lease.Holder
	newest    map[string]int64 // epochs, by lease
	balance   balance
	session   *Term
	// generation counts the terms and sessions that began.
	generation uint64
}

// Sessions is the kind of the leases that workers have of themselves.
const Sessions = "worker"

// forgotten is how long the sessions of workers that ended are kept.
const forgotten = 24 * time.Hour

// NewWorker makes a worker that holds nothing.
func NewWorker(name string, length time.Duration, db Database, logger *zap.Logger) *Worker {
	return &Worker{
		name: name, instance: uuid.NewString(), length: length, db: db, tally: newTally(time.Now()), logger: logger, cancel: func() {},
		terms: map[string]*Term{}, elsewhere: map[string]lease.Holder{}, newest: map[string]int64{},
		balance: newBalance(),
	}
}

// Name is how people call the worker.
func (w *Worker) Name() string { return w.name }

// Interval is how long to wait before a lease is asked for again.
func (w *Worker) Interval() time.Duration { return w.length / 6 }

// Run begins the worker's session, and holds it until Close.
func (w *Worker) Run(ctx context.Context) {
	ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	w.running.Go(func() { w.live(ctx) })
}

// Close gives back all leases that are held.
func (w *Worker) Close(ctx context.Context) error {
	w.cancel()
	w.running.Wait()
	w.mu.Lock()
	held := slices.Collect(maps.Values(w.terms))
	if w.session != nil {
		held = append(held, w.session)
	}
	w.mu.Unlock()
	for _, t := range held {
		t.lose(errReleased)
	}
	if len(held) == 0 {
		return nil
	}
	return w.db.Leave(ctx, w.instance)
}

// live holds one session after another.
func (w *Worker) live(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			if ctx.Err() != nil {
				return
			}
		}
		timer.Reset(w.Interval())
		session, err := w.begin(ctx)
		if err != nil {
			w.logger.Debug("The worker's session could not begin; it is tried again.", zap.Error(err))
			continue
		}
		if err := w.db.Forget(ctx, Sessions, forgotten); err != nil {
			w.logger.Debug("Old sessions are not removed.", zap.Error(err))
		}
		w.follow(ctx, session)
	}
}

// follow waits until a session is lost or ctx ends, and gives leases to workers that hold fewer.
func (w *Worker) follow(ctx context.Context, session *Term) {
	ticker := time.NewTicker(w.length / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-session.Lost():
			return
		case <-ticker.C:
			w.share(ctx)
		}
	}
}

// begin begins a session.
func (w *Worker) begin(ctx context.Context) (*Term, error) {
	session, err := w.take(ctx, database.Claim{Shard: Sessions + "/" + w.instance})
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.session = session
	w.generation++
	return session, nil
}

// take takes a lease of whatever kind.
func (w *Worker) take(ctx context.Context, c database.Claim) (*Term, error) {
	w.mu.Lock()
	c.Worker, c.Instance, c.Newest = w.name, w.instance, w.newest[c.Shard]
	w.mu.Unlock()
	asked := time.Now()
	epoch, err := w.db.Take(ctx, c)
	if err != nil {
		w.noteHolder(c.Shard, err)
		return nil, err
	}
	t := begin(w.db, w.tally, database.Fence{Shard: c.Shard, Instance: w.instance, Epoch: epoch}, w.length, asked) //nolint:contextcheck // a term outlives the call that takes it
	w.mu.Lock()
	defer w.mu.Unlock()
	w.newest[c.Shard] = epoch
	delete(w.elsewhere, c.Shard)
	return t, nil
}

func (w *Worker) noteHolder(shard string, err error) {
	var held *lease.HeldError
	w.mu.Lock()
	defer w.mu.Unlock()
	if !errors.As(err, &held) {
		return
	}
	w.elsewhere[shard] = held.Holder
	w.newest[shard] = max(w.newest[shard], held.Epoch)
}

// Hold takes the lease of a component that one worker at a time may run. How many of a kind each worker holds is
// balanced.
func (w *Worker) Hold(ctx context.Context, kind, shard, scope string) (*Term, error) {
	if err := w.leave(ctx, kind, shard); err != nil {
		w.noteHolder(shard, err)
		return nil, err
	}
	t, err := w.take(ctx, database.Claim{Shard: shard, Scope: scope})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.balance.taking[kind]--
	if err != nil {
		return nil, err
	}
	w.balance.took(shard)
	w.terms[shard] = t
	w.generation++
	return t, nil
}

// leave leaves a lease that is free to a worker that holds fewer. Without an error the lease counts as this worker's while
// it is being taken.
func (w *Worker) leave(ctx context.Context, kind, shard string) error {
	w.mu.Lock()
	w.balance.ask(kind, shard)
	w.mu.Unlock()
	holder, err := w.db.Holder(ctx, shard)
	if err != nil {
		return err
	}
	counted, err := w.db.Stand(ctx, kind, w.name, w.instance)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if holder != nil {
		w.balance.isHeld(shard)
		return &lease.HeldError{Holder: *holder}
	}
	held := len(w.held(kind)) + w.balance.taking[kind]
	if !w.balance.standing(kind, held, counted).mayTake(w.balance.freeFor(shard, time.Now()), w.length) {
		return &lease.HeldError{}
	}
	w.balance.taking[kind]++
	return nil
}

// share gives leases to workers that hold fewer.
func (w *Worker) share(ctx context.Context) {
	w.mu.Lock()
	kinds := slices.Collect(maps.Keys(w.balance.asked))
	w.mu.Unlock()
	for _, kind := range kinds {
		counted, err := w.db.Stand(ctx, kind, w.name, w.instance)
		if err != nil {
			w.logger.Debug("The other workers could not be counted; it is tried again.", zap.Error(err))
			continue
		}
		w.mu.Lock()
		given := w.balance.give(kind, w.held(kind), counted)
		w.mu.Unlock()
		for _, t := range given {
			t.Yield()
		}
	}
}

// Own takes a lease that is not balanced; again takes it only if this process was the last to hold it.
func (w *Worker) Own(ctx context.Context, shard string, again bool) (*Term, error) {
	t, err := w.take(ctx, database.Claim{Shard: shard, Own: again})
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.terms[shard] = t
	return t, nil
}

// held are the terms of a kind that go on, the oldest first. The caller holds mu.
func (w *Worker) held(kind string) []*Term {
	var held []*Term
	for shard, t := range w.terms {
		if strings.HasPrefix(shard, kind+"/") && t.Err() == nil {
			held = append(held, t)
		}
	}
	slices.SortFunc(held, func(a, b *Term) int { return a.Since().Compare(b.Since()) })
	return held
}

// Session is the worker's term of itself, nil while it has none, with the number of terms and sessions that began.
func (w *Worker) Session() (session *Term, generation uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.session, w.generation
}

// Counts are those since the worker was made.
func (w *Worker) Counts() Counts { return w.tally.all() }

// Asked are the leases that this worker has asked for, by what they are of, and whether it holds them for certain. Its own
// session goes by its name.
func (w *Worker) Asked() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := map[string]bool{Sessions + "/" + w.name: w.session != nil && w.session.IsCertain()}
	for _, shards := range w.balance.asked {
		for shard := range shards {
			asked[shard] = false
		}
	}
	for shard, t := range w.terms {
		asked[shard] = t.IsCertain()
	}
	return asked
}

// Holders are the leases that this worker holds, and those that others held when it asked last, by what they are of.
func (w *Worker) Holders() (here, elsewhere map[string]lease.Holder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	here = map[string]lease.Holder{}
	for shard, t := range w.terms {
		if t.Err() == nil {
			here[shard] = lease.Holder{Worker: w.name, Since: t.Since(), Epoch: t.Epoch()}
		}
	}
	return here, maps.Clone(w.elsewhere)
}
