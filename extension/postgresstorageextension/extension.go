package postgresstorageextension

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/database"
	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/tenancy"
	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// postgresStorage is the component.
type postgresStorage struct {
	cfg *Config
	set extension.Settings

	// Set by Start.
	db        *database.Database
	worker    *tenancy.Worker
	telemetry *telemetry
}

var (
	_ extension.Extension = (*postgresStorage)(nil)
	_ storage.Extension   = (*postgresStorage)(nil)
	_ lease.Lessor        = (*postgresStorage)(nil)
	_ lease.Sharer        = (*postgresStorage)(nil)
	_ control.Lessor      = (*postgresStorage)(nil)
)

// Start prepares connections. A database that is down does not keep the Collector from starting.
func (p *postgresStorage) Start(ctx context.Context, _ component.Host) error {
	db, err := database.Open(context.WithoutCancel(ctx), p.cfg.database())
	if err != nil {
		return err
	}
	if database.IsPlain(string(p.cfg.DSN)) {
		p.set.Logger.Warn("What is stored may cross the network in clear text, or to a server that is not checked: set sslmode=verify-full in dsn.")
	}
	worker := tenancy.NewWorker(p.cfg.worker(), p.cfg.LeaseDuration, db, p.set.Logger)
	observed, err := observe(p.set, worker)
	if err != nil {
		db.Close()
		return fmt.Errorf("creating the extension's metrics: %w", err)
	}
	p.db, p.worker, p.telemetry = db, worker, observed
	p.worker.Run(ctx)
	p.set.Logger.Info("This worker shares its storage with others of the same configuration.", zap.String("worker", p.worker.Name()))
	return nil
}

// Shutdown gives back all leases: the other components have stored their last state.
func (p *postgresStorage) Shutdown(ctx context.Context) error {
	if p.db == nil {
		return nil
	}
	defer p.db.Close()
	defer p.telemetry.shutdown()
	if err := p.worker.Close(ctx); err != nil {
		return fmt.Errorf("other workers take the leases only when their time is over: %w", err)
	}
	return nil
}

// GetClient implements storage.Extension. One process at a time may have a part open.
func (p *postgresStorage) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	space := spaceOf(kind, id, name)
	term, err := p.open(ctx, space)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", space, err)
	}
	e := &exclusive{shard: space, worker: p.worker, term: term}
	return &client{
		entries: p.db, space: space, write: e.write,
		close: func(ctx context.Context) error { return e.now().Release(ctx) },
	}, nil
}

// open takes the lease of a part, and waits for the lease of a process that was killed.
func (p *postgresStorage) open(ctx context.Context, space string) (*tenancy.Term, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.LeaseDuration*5/4)
	defer cancel()
	var held *lease.HeldError // who held it when it was asked for last
	for {
		term, err := p.worker.Own(ctx, space, false)
		switch {
		case err == nil:
			return term, nil
		case !errors.As(err, &held) && (held == nil || ctx.Err() == nil):
			return nil, err
		}
		timer := time.NewTimer(p.worker.Interval())
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%w: only receivers that take leases and processors that share their part can run on several workers; "+
				"give this component a storage of its own on each worker, such as file_storage", held)
		}
	}
}

// Share implements lease.Sharer.
func (p *postgresStorage) Share(_ context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	return newShared(p.db, spaceOf(kind, id, name), p.worker), nil
}

// Lease implements lease.Lessor.
func (p *postgresStorage) Lease(ctx context.Context, claim lease.Claim) (lease.Term, error) {
	term, err := p.worker.Hold(ctx, nameOf(claim.Kind), shardOf(claim.Kind, claim.ID), claim.Scope)
	if err != nil {
		return nil, err
	}
	return &held{Term: term, db: p.db}, nil
}

// Interval implements lease.Lessor.
func (p *postgresStorage) Interval() time.Duration { return p.worker.Interval() }

// held is a term, with the parts of its component.
type held struct {
	*tenancy.Term
	db *database.Database
}

// Client opens a part of the component's storage.
func (h *held) Client(_ context.Context, name string) (storage.Client, error) {
	space := h.Shard()
	if name != "" {
		space += "/" + name
	}
	return &client{entries: h.db, space: space, write: h.Write}, nil
}

// Leases implements control.Lessor: which worker runs which receiver.
func (p *postgresStorage) Leases() []control.Lease {
	here, elsewhere := p.worker.Holders()
	return append(leasesOf(here, true), leasesOf(elsewhere, false)...)
}

func leasesOf(holders map[string]lease.Holder, here bool) []control.Lease {
	var leases []control.Lease
	for shard, holder := range holders {
		if id, is := strings.CutPrefix(shard, nameOf(component.KindReceiver)+"/"); is {
			leases = append(leases, control.Lease{Receiver: id, Worker: holder.Worker, Here: here, Epoch: holder.Epoch, Since: holder.Since.UTC()})
		}
	}
	return leases
}

// shardOf is what a component's lease is of.
func shardOf(kind component.Kind, id component.ID) string { return nameOf(kind) + "/" + id.String() }

// spaceOf is where the entries of a component's part stand.
func spaceOf(kind component.Kind, id component.ID, name string) string {
	space := shardOf(kind, id)
	if name != "" {
		space += "/" + name
	}
	return space
}
