package alertresolverconnector

import (
	"context"
	"fmt"
	"maps"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

var _ control.Resolver = (*resolver)(nil)

// Status implements control.Resolver.
func (r *resolver) Status() control.ResolverStatus {
	k := &r.switched
	pending := r.book.Waiting(r.mode)
	k.mu.Lock()
	defer k.mu.Unlock()
	s := control.ResolverStatus{
		ID: r.set.ID.String(), Mode: string(r.cfg.Mode), Stopped: k.stopped, Pending: pending, Decisions: maps.Clone(k.results), LastError: k.lastErr,
	}
	if !k.lastPass.IsZero() {
		at := k.lastPass.UTC()
		s.LastPass = &at
	}
	return s
}

// Stop implements control.Resolver: nothing is read or written until Resume, also over a restart.
func (r *resolver) Stop(ctx context.Context) error { return r.turn(ctx, true) }

// Resume implements control.Resolver.
func (r *resolver) Resume(ctx context.Context) error { return r.turn(ctx, false) }

// turn turns the switch. It is in effect, whether or not it can be stored.
func (r *resolver) turn(ctx context.Context, stopped bool) error {
	r.switched.set(stopped)
	r.counts.stopped(ctx, stopped)
	r.wake()
	kept, err := r.store.stop(ctx, stopped)
	if err != nil {
		return fmt.Errorf("%w: %w", control.ErrNotKept, err)
	}
	if !kept {
		return control.ErrNotKept
	}
	return nil
}
