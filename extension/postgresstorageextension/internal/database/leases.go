package database

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// Fence is a term, against which a write is checked.
type Fence struct {
	Shard    string
	Instance string
	Epoch    int64
}

// Claim is a worker's wish to hold a lease.
type Claim struct {
	Shard, Worker, Instance, Scope string
	// Newest is the largest epoch that the worker has seen of this lease.
	Newest int64
	// Own limits the claim to a lease that this instance was the last to hold.
	Own bool
}

// Take takes a lease. If another worker holds it, the error is a HeldError.
func (d *Database) Take(ctx context.Context, c Claim) (epoch int64, err error) {
	ctx, cancel := d.within(ctx)
	defer cancel()
	if err := d.prepare(ctx); err != nil {
		return 0, err
	}
	err = d.pool.QueryRow(ctx, d.sql.take, c.Shard, c.Worker, c.Instance, c.Scope, c.Newest, d.set.Lease.Seconds(), c.Own).Scan(&epoch)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, d.heldBy(ctx, c.Shard)
	case err != nil:
		return 0, d.redacted("take the lease of "+c.Shard, err)
	}
	return epoch, nil
}

func (d *Database) heldBy(ctx context.Context, shard string) error {
	holder, err := d.Holder(ctx, shard)
	switch {
	case err != nil:
		return err
	case holder == nil: // it has been given back meanwhile
		holder = &lease.Holder{}
	}
	return &lease.HeldError{Holder: *holder}
}

// Renew holds a lease for longer. The error is ErrFenced if the term is over.
func (d *Database) Renew(ctx context.Context, f Fence) error {
	return d.change(ctx, "renew the lease of "+f.Shard, d.sql.renew, f, d.set.Lease.Seconds())
}

// Release gives a lease back. The error is ErrFenced if the term is over.
func (d *Database) Release(ctx context.Context, f Fence) error {
	return d.change(ctx, "give back the lease of "+f.Shard, d.sql.release, f)
}

func (d *Database) change(ctx context.Context, doing, statement string, f Fence, more ...any) error {
	ctx, cancel := d.within(ctx)
	defer cancel()
	done, err := d.pool.Exec(ctx, statement, append([]any{f.Shard, f.Instance, f.Epoch}, more...)...)
	switch {
	case err != nil:
		return d.redacted(doing, err)
	case done.RowsAffected() == 0:
		return lease.ErrFenced
	}
	return nil
}

// Forget removes the leases of a kind that were over long ago.
func (d *Database) Forget(ctx context.Context, kind string, ago time.Duration) error {
	ctx, cancel := d.within(ctx)
	defer cancel()
	if _, err := d.pool.Exec(ctx, d.sql.forget, kind+"/%", ago.Seconds()); err != nil {
		return d.redacted("remove leases that are over", err)
	}
	return nil
}

// Standing is how many workers share the leases of a kind.
type Standing struct {
	Workers int // that ask for leases of the kind, this one included
	Leases  int // that are held by any of them, or were until a moment ago
}

// Stand counts the workers and the leases of a kind. It is how the others know that this worker asks for some.
func (d *Database) Stand(ctx context.Context, kind, worker, instance string) (Standing, error) {
	ctx, cancel := d.within(ctx)
	defer cancel()
	if err := d.prepare(ctx); err != nil {
		return Standing{}, err
	}
	var s Standing
	if err := d.pool.QueryRow(ctx, d.sql.stand, kind, instance, worker, d.set.Lease.Seconds()).Scan(&s.Workers, &s.Leases); err != nil {
		return Standing{}, d.redacted("count workers and leases", err)
	}
	return s, nil
}

// Holder is who holds a lease. It is nil if nobody does.
func (d *Database) Holder(ctx context.Context, shard string) (*lease.Holder, error) {
	ctx, cancel := d.within(ctx)
	defer cancel()
	if err := d.prepare(ctx); err != nil {
		return nil, err
	}
	h := &lease.Holder{}
	err := d.pool.QueryRow(ctx, d.sql.holder, shard).Scan(&h.Worker, &h.Since, &h.Epoch, &h.Scope)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, d.redacted("ask who holds the lease of "+shard, err)
	}
	return h, nil
}

// Leave gives back all that an instance holds.
func (d *Database) Leave(ctx context.Context, instance string) error {
	ctx, cancel := d.within(ctx)
	defer cancel()
	if _, err := d.pool.Exec(ctx, d.sql.leave, instance); err != nil {
		return d.redacted("give back all leases", err)
	}
	return nil
}
