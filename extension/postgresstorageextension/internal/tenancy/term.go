package tenancy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/database"
	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// Database is what a worker asks of the database.
type Database interface {
	Take(ctx context.Context, c database.Claim) (epoch int64, err error)
	Renew(ctx context.Context, f database.Fence) error
	Release(ctx context.Context, f database.Fence) error
	Write(ctx context.Context, f database.Fence, space string, c database.Changes) error
	Stand(ctx context.Context, kind, worker, instance string) (database.Standing, error)
	Holder(ctx context.Context, shard string) (*lease.Holder, error)
	Leave(ctx context.Context, instance string) error
	Forget(ctx context.Context, kind string, ago time.Duration) error
}

// Parts of a lease's duration.
const (
	renewals = 4  // a renewal each quarter
	tries    = 16 // after one that failed, the next one a sixteenth later
	halves   = 2  // without a renewal for half of it the worker stops
)

// Term is the time in which this worker holds a lease.
type Term struct {
	fence  database.Fence
	db     Database
	tally  *tally
	length time.Duration
	since  time.Time
	lost   chan struct{}
	cancel context.CancelFunc // ends the renewals

	mu      sync.Mutex // guards everything below
	renewed time.Time  // when the last renewal was sent that the database has confirmed
	err     error      // why the term is over; nil: it is not
}

// begin begins a term that was asked for at a time.
func begin(db Database, counts *tally, f database.Fence, length time.Duration, asked time.Time) *Term {
	ctx, cancel := context.WithCancel(context.Background())
	t := &Term{fence: f, db: db, tally: counts, length: length, since: asked, renewed: asked, lost: make(chan struct{}), cancel: cancel}
	counts.began(f.Shard, asked)
	go t.keep(ctx)
	return t
}

// keep renews the lease until the term is over.
func (t *Term) keep(ctx context.Context) {
	timer := time.NewTimer(t.length / renewals)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := t.renew(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, lease.ErrFenced):
			return
		case err == nil:
			timer.Reset(t.length / renewals)
		case t.age() >= t.length/halves:
			t.lose(fmt.Errorf("it could not be renewed for %s: %w", t.age().Round(time.Millisecond), err))
			return
		default:
			timer.Reset(t.length / tries)
		}
	}
}

func (t *Term) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.length/renewals/2)
	defer cancel()
	return t.do(func() error { return t.db.Renew(ctx, t.fence) })
}

// do makes a request that renews the lease beside what it does.
func (t *Term) do(request func() error) error {
	if err := t.over(); err != nil {
		return err
	}
	sent := time.Now()
	err := request()
	switch {
	case err == nil:
		t.tally.renewed(sent)
		t.mu.Lock()
		defer t.mu.Unlock()
		if sent.After(t.renewed) {
			t.renewed = sent
		}
	case errors.Is(err, lease.ErrFenced):
		t.lose(err)
	}
	return err
}

// Write changes entries in the term.
func (t *Term) Write(ctx context.Context, space string, c database.Changes) error {
	return t.do(func() error { return t.db.Write(ctx, t.fence, space, c) })
}

// Release gives the lease back, if the term is not over.
func (t *Term) Release(ctx context.Context) error {
	if err := t.Err(); err != nil && !errors.Is(err, lease.ErrYielded) {
		return nil
	}
	t.lose(errReleased)
	return t.db.Release(ctx, t.fence)
}

// Yield says that another worker is to have the lease. It is held until Release.
func (t *Term) Yield() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.end(lease.ErrYielded)
	}
}

// lose ends the term.
func (t *Term) lose(cause error) {
	t.cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err == nil:
		t.end(cause)
	case errors.Is(t.err, lease.ErrYielded):
		t.err = cause
	}
}

// end ends the term for its component. The caller holds mu.
func (t *Term) end(cause error) {
	t.err = cause
	close(t.lost)
	t.tally.ended(t.fence.Shard, cause)
}

// over is why nothing can be stored any more; nil: it can.
func (t *Term) over() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil || errors.Is(t.err, lease.ErrYielded) {
		return nil
	}
	if errors.Is(t.err, lease.ErrFenced) {
		return t.err
	}
	return fmt.Errorf("%w: %w", lease.ErrFenced, t.err)
}

// age is the time since the last renewal.
func (t *Term) age() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Since(t.renewed)
}

// Epoch is larger than that of any term of this lease before.
func (t *Term) Epoch() int64 { return t.fence.Epoch }

// Shard is what the lease is of.
func (t *Term) Shard() string { return t.fence.Shard }

// Since is when the term began, by this machine's clock.
func (t *Term) Since() time.Time { return t.since }

// Lost is closed when the worker must stop.
func (t *Term) Lost() <-chan struct{} { return t.lost }

// Err is why the term was lost, nil before.
func (t *Term) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// IsCertain reports whether no other worker can hold the lease now.
func (t *Term) IsCertain() bool { return t.over() == nil && t.age() < t.length }
