package tenancy

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/database"
	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

const testLength = 40 * time.Second

// fakeDatabase does in memory what the statements of package database do.
type fakeDatabase struct {
	mu     sync.Mutex // guards everything below
	shards map[string]fakeShard
	asks   map[string]time.Time // until when a worker counts, by kind and instance
	values map[string]string
	down   bool
	// away are the instances that cannot reach the database.
	away map[string]bool
}

type fakeShard struct {
	fence         database.Fence
	worker, scope string
	since, until  time.Time
}

func newFakeDatabase() *fakeDatabase {
	return &fakeDatabase{shards: map[string]fakeShard{}, asks: map[string]time.Time{}, values: map[string]string{}, away: map[string]bool{}}
}

var errDown = errors.New("the database is down")

// enter locks the database for a request of an instance.
func (d *fakeDatabase) enter(instance string) (func(), error) {
	d.mu.Lock()
	if d.down || d.away[instance] {
		d.mu.Unlock()
		return nil, errDown
	}
	return d.mu.Unlock, nil
}

func (d *fakeDatabase) Take(_ context.Context, c database.Claim) (int64, error) {
	leave, err := d.enter(c.Instance)
	if err != nil {
		return 0, err
	}
	defer leave()
	s := d.shards[c.Shard]
	own := s.fence.Instance == c.Instance
	if !own && (s.until.After(time.Now()) || c.Own) {
		return 0, &lease.HeldError{Holder: lease.Holder{Worker: s.worker, Since: s.since, Epoch: s.fence.Epoch, Scope: s.scope}}
	}
	epoch := max(s.fence.Epoch, c.Newest) + 1
	d.shards[c.Shard] = fakeShard{database.Fence{Shard: c.Shard, Instance: c.Instance, Epoch: epoch}, c.Worker, c.Scope, time.Now(), time.Now().Add(testLength)}
	return epoch, nil
}

// within does something in a term.
func (d *fakeDatabase) within(f database.Fence, do func(*fakeShard)) error {
	leave, err := d.enter(f.Instance)
	if err != nil {
		return err
	}
	defer leave()
	s := d.shards[f.Shard]
	if s.fence != f || !s.until.After(time.Now()) {
		return lease.ErrFenced
	}
	do(&s)
	d.shards[f.Shard] = s
	return nil
}

func (d *fakeDatabase) Renew(_ context.Context, f database.Fence) error {
	return d.within(f, func(s *fakeShard) { s.until = time.Now().Add(testLength) })
}

func (d *fakeDatabase) Release(_ context.Context, f database.Fence) error {
	return d.within(f, func(s *fakeShard) { s.until = time.Time{} })
}

func (d *fakeDatabase) Write(_ context.Context, f database.Fence, space string, c database.Changes) error {
	return d.within(f, func(s *fakeShard) {
		s.until = time.Now().Add(testLength)
		for key, value := range c.Set {
			d.values[space+" "+key] = string(value)
		}
	})
}

func (d *fakeDatabase) Stand(_ context.Context, kind, _, instance string) (database.Standing, error) {
	leave, err := d.enter(instance)
	if err != nil {
		return database.Standing{}, err
	}
	defer leave()
	d.asks[kind+"/"+instance] = time.Now().Add(testLength)
	counted := database.Standing{}
	for id, until := range d.asks {
		if strings.HasPrefix(id, kind+"/") && until.After(time.Now()) {
			counted.Workers++
		}
	}
	for id, s := range d.shards {
		if strings.HasPrefix(id, kind+"/") && s.until.After(time.Now().Add(-testLength)) {
			counted.Leases++
		}
	}
	return counted, nil
}

func (d *fakeDatabase) Holder(_ context.Context, shard string) (*lease.Holder, error) {
	leave, err := d.enter("")
	if err != nil {
		return nil, err
	}
	defer leave()
	s := d.shards[shard]
	if !s.until.After(time.Now()) {
		return nil, nil
	}
	return &lease.Holder{Worker: s.worker, Since: s.since, Epoch: s.fence.Epoch, Scope: s.scope}, nil
}

func (d *fakeDatabase) Leave(_ context.Context, instance string) error {
	leave, err := d.enter(instance)
	if err != nil {
		return err
	}
	defer leave()
	for id, s := range d.shards {
		if s.fence.Instance == instance {
			s.until = time.Time{}
			d.shards[id] = s
		}
	}
	for id := range d.asks {
		if strings.HasSuffix(id, "/"+instance) {
			delete(d.asks, id)
		}
	}
	return nil
}

func (d *fakeDatabase) Forget(context.Context, string, time.Duration) error { return nil }

// turn lets the database be there or not.
func (d *fakeDatabase) turn(down bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = down
}

// cut keeps a worker from the database.
func (d *fakeDatabase) cut(w *Worker, away bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.away[w.instance] = away
}

func newTestWorker(name string, db Database) *Worker {
	return NewWorker(name, testLength, db, zap.NewNop())
}
