package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Lessor is a storage extension that several workers share.
type Lessor interface {
	// Lease takes the lease of a component for this worker. It does not wait until another worker gives it back: then the
	// error is a HeldError.
	Lease(ctx context.Context, claim Claim) (Term, error)
	// Interval is how long a worker waits before it asks again.
	Interval() time.Duration
}

// Sharer is a storage extension that lets components of several workers use one part of it at the same time.
type Sharer interface {
	// Share opens the part of a component without a lease.
	Share(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error)
}

// Shared is a client of a part that several workers use at the same time.
type Shared interface {
	storage.Client
	storage.Walker
	// Refresh calls read if other workers may have stored what this one needs to know: it has begun a term, or was thought
	// dead, since read succeeded last. A component calls it before it uses what it knows, and read takes up what is stored.
	// Nothing can be stored before the first Refresh, nor by a worker that was thought dead before its next one.
	Refresh(ctx context.Context, read func(context.Context) error) error
}

// Claim says of which component a lease is asked for.
type Claim struct {
	Kind component.Kind
	ID   component.ID
	// Scope tells configurations apart with which the component must not be run by turns.
	Scope string
}

// Term is the time in which this worker holds a lease.
type Term interface {
	// Client opens a part of the component's storage. What it stores is refused once the term is over.
	Client(ctx context.Context, name string) (storage.Client, error)
	// Epoch is larger than that of any term of this lease before.
	Epoch() int64
	// Lost is closed when the worker must stop: it does not hold the lease any more, or another worker is to have it.
	Lost() <-chan struct{}
	// Err says why the term was lost. It is nil before.
	Err() error
	// IsCertain reports whether no other worker can hold the lease at this moment.
	IsCertain() bool
	// Release gives the lease back, if it is held still.
	Release(ctx context.Context) error
}

// Holder is the worker that holds a lease.
type Holder struct {
	Worker string
	Since  time.Time
	Epoch  int64
	Scope  string
}

// HeldError says that another worker holds a lease, or is to take it.
type HeldError struct{ Holder }

func (e *HeldError) Error() string {
	if e.Worker == "" {
		return "the lease is left to a worker that holds fewer"
	}
	return fmt.Sprintf("worker %s holds the lease since %s", e.Worker, e.Since.UTC().Format(time.RFC3339))
}

// ErrFenced says that a term is over: what was to be stored is not stored.
var ErrFenced = errors.New("this worker does not hold the lease any more, so nothing is stored")

// ErrYielded says that a term ends because another worker holds fewer leases.
var ErrYielded = errors.New("the lease is given to a worker that holds fewer")
