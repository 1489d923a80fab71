package postgresstorageextension

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/database"
	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/tenancy"
	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// entries are what a client reads.
type entries interface {
	Get(ctx context.Context, space string, keys []string) (map[string][]byte, error)
	Walk(ctx context.Context, space string, visit func(key string, value []byte) bool) error
}

// client is a component's part of the database. What it writes is checked against a term.
type client struct {
	entries entries
	space   string
	write   func(ctx context.Context, space string, c database.Changes) error
	close   func(ctx context.Context) error // nil: there is nothing to close
}

var (
	_ storage.Client = (*client)(nil)
	_ storage.Walker = (*client)(nil)
)

// Get implements storage.Client.
func (c *client) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}

// Set implements storage.Client.
func (c *client) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

// Delete implements storage.Client.
func (c *client) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

// Batch implements storage.Client. All changes are made, or none.
func (c *client) Batch(ctx context.Context, ops ...*storage.Operation) error {
	p, err := newPlan(ops)
	if err != nil {
		return err
	}
	if len(p.read) > 0 {
		found, err := c.entries.Get(ctx, c.space, slices.Sorted(maps.Keys(p.read)))
		if err != nil {
			return err
		}
		for key, ops := range p.read {
			for _, op := range ops {
				op.Value = found[key]
			}
		}
	}
	if len(p.changes.Set) == 0 && len(p.changes.Delete) == 0 {
		return nil
	}
	return c.write(ctx, c.space, p.changes)
}

// Walk implements storage.Walker.
func (c *client) Walk(ctx context.Context, walk storage.WalkFunc) error {
	var ops []*storage.Operation
	var failed error
	err := c.entries.Walk(ctx, c.space, func(key string, value []byte) bool {
		more, err := walk(key, value)
		ops, failed = append(ops, more...), err
		return err == nil
	})
	if err != nil {
		return err
	}
	if failed != nil && !errors.Is(failed, storage.SkipAll) {
		return failed
	}
	return c.Batch(ctx, ops...)
}

// Close implements storage.Client.
func (c *client) Close(ctx context.Context) error {
	if c.close == nil {
		return nil
	}
	return c.close(ctx)
}

// plan is what a batch comes to: what is to be read before it, and what is different after it.
type plan struct {
	read    map[string][]*storage.Operation
	changes database.Changes
}

// newPlan carries out the operations one after another. One that reads what an earlier one has changed has its value then.
func newPlan(ops []*storage.Operation) (plan, error) {
	p := plan{read: map[string][]*storage.Operation{}}
	changed := map[string]*storage.Operation{}
	for _, op := range ops {
		before, known := changed[op.Key]
		switch {
		case op.Type == storage.Get && !known:
			p.read[op.Key] = append(p.read[op.Key], op)
		case op.Type == storage.Get:
			op.Value = nil
			if before.Type == storage.Set {
				op.Value = before.Value
			}
		case op.Type == storage.Set, op.Type == storage.Delete:
			changed[op.Key] = op
		default:
			return plan{}, fmt.Errorf("store %q: there is no operation %d", op.Key, op.Type)
		}
	}
	p.changes.Set = map[string][]byte{}
	for key, op := range changed {
		if op.Type == storage.Set {
			p.changes.Set[key] = op.Value
		} else {
			p.changes.Delete = append(p.changes.Delete, key)
		}
	}
	return p, nil
}

// exclusive writes to a part that this process alone has opened. A lease that ran out while the database was away is
// taken again, unless another process has had it meanwhile: what this one knows is then still true.
type exclusive struct {
	shard  string
	worker *tenancy.Worker

	mu   sync.Mutex // held while a term is taken
	term *tenancy.Term
}

func (e *exclusive) write(ctx context.Context, space string, c database.Changes) error {
	err := e.now().Write(ctx, space, c)
	if !errors.Is(err, lease.ErrFenced) {
		return err
	}
	if err := e.again(ctx); err != nil {
		return fmt.Errorf("%w: %w", lease.ErrFenced, err)
	}
	return e.now().Write(ctx, space, c)
}

func (e *exclusive) now() *tenancy.Term {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.term
}

func (e *exclusive) again(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.term.IsCertain() {
		return nil // another call has taken it
	}
	term, err := e.worker.Own(ctx, e.shard, true)
	if err != nil {
		return err
	}
	e.term = term
	return nil
}

// shared is a client of a part that several workers use at the same time. It writes in the session of this worker in
// which the part was read last.
type shared struct {
	client
	worker *tenancy.Worker

	refreshing sync.Mutex // held while the part is read

	mu         sync.Mutex // guards everything below
	session    *tenancy.Term
	generation uint64
	read       bool
}

var _ lease.Shared = (*shared)(nil)

func newShared(of entries, space string, worker *tenancy.Worker) *shared {
	s := &shared{worker: worker}
	s.client = client{entries: of, space: space, write: s.store}
	return s
}

// Refresh implements lease.Shared. What is written from then on belongs to the worker's present session.
func (s *shared) Refresh(ctx context.Context, read func(context.Context) error) error {
	if !s.isStale() {
		return nil
	}
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	if !s.isStale() {
		return nil // another call has read it
	}
	session, generation := s.worker.Session()
	if session == nil {
		return errNoSession
	}
	s.set(session, generation, false)
	if err := read(ctx); err != nil {
		return err
	}
	s.set(session, generation, true)
	return nil
}

func (s *shared) set(session *tenancy.Term, generation uint64, read bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session, s.generation, s.read = session, generation, read
}

func (s *shared) isStale() bool {
	_, generation := s.worker.Session()
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.read || s.generation != generation
}

func (s *shared) store(ctx context.Context, space string, c database.Changes) error {
	s.mu.Lock()
	session := s.session
	s.mu.Unlock()
	if session == nil {
		return errNotRead
	}
	return session.Write(ctx, space, c)
}

var (
	errNoSession = errors.New("this worker has no session in the database yet; it is tried again")
	errNotRead   = errors.New("a part that several workers share must be read before it is changed")
)
