//go:build unix

package postgresstorageextension

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/internal/lease"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/postgres"
)

// testLease is long enough for a busy machine.
const testLease = 3 * time.Second

var claim = claimOf("a")

// startWorker starts an extension as another process would.
func startWorker(t *testing.T, server *postgres.Server, name string) *postgresStorage {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.DSN, cfg.Worker, cfg.LeaseDuration, cfg.Timeout = configopaque.String(server.DSN(server.Address())), name, testLease, testLease/2
	require.NoError(t, cfg.Validate())
	made, err := create(t.Context(), extensiontest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	p := made.(*postgresStorage)
	require.NoError(t, p.Start(t.Context(), nil))
	t.Cleanup(func() { _ = p.Shutdown(context.Background()) })
	return p
}

func leaseOf(t *testing.T, p *postgresStorage, claim lease.Claim) (lease.Term, storage.Client) {
	t.Helper()
	var term lease.Term
	require.Eventually(t, func() bool {
		var err error
		term, err = p.Lease(t.Context(), claim)
		return err == nil
	}, 20*testLease, testLease/10)
	client, err := term.Client(t.Context(), "")
	require.NoError(t, err)
	return term, client
}

func TestPostgresClientIsAStorage(t *testing.T) {
	server := postgres.Start(t)
	p := startWorker(t, server, "a")
	c, err := p.GetClient(t.Context(), component.KindExporter, component.MustNewID("otlp"), "logs")
	require.NoError(t, err)
	ctx := t.Context()
	value, err := c.Get(ctx, "x")
	require.NoError(t, err)
	assert.Nil(t, value)
	require.NoError(t, c.Delete(ctx, "x"))
	binary := []byte{0, 1, 0xff, '\\', '\'', '"', '{', 0}
	require.NoError(t, c.Set(ctx, "x", binary))
	require.NoError(t, c.Set(ctx, "empty", nil))
	value, err = c.Get(ctx, "x")
	require.NoError(t, err)
	assert.Equal(t, binary, value)
	value, err = c.Get(ctx, "empty")
	require.NoError(t, err)
	assert.NotNil(t, value)
	assert.Empty(t, value)

	get, again, later := storage.GetOperation("x"), storage.GetOperation("y"), storage.GetOperation("x")
	require.NoError(t, c.Batch(ctx, get, storage.SetOperation("y", []byte("1")), again, storage.DeleteOperation("x"), later, storage.SetOperation("z", []byte("2")),
		storage.DeleteOperation("z")))
	assert.Equal(t, binary, get.Value)
	assert.Equal(t, "1", string(again.Value))
	assert.Nil(t, later.Value)
	seen := map[string]string{}
	require.NoError(t, c.(storage.Walker).Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
		seen[key] = string(value)
		return []*storage.Operation{storage.DeleteOperation(key)}, nil
	}))
	assert.Equal(t, map[string]string{"y": "1", "empty": ""}, seen)
	value, err = c.Get(ctx, "y")
	require.NoError(t, err)
	assert.Nil(t, value, "what the walk asked for is done at its end")

	// Another process cannot open the part before this one closes it, and then finds what was stored.
	require.NoError(t, c.Set(ctx, "x", binary))
	other := startWorker(t, server, "b")
	_, err = other.GetClient(ctx, component.KindExporter, component.MustNewID("otlp"), "logs")
	require.ErrorContains(t, err, "worker a holds the lease")
	require.NoError(t, c.Close(ctx))
	c, err = other.GetClient(ctx, component.KindExporter, component.MustNewID("otlp"), "logs")
	require.NoError(t, err)
	value, err = c.Get(ctx, "x")
	require.NoError(t, err)
	assert.Equal(t, binary, value)
}

// A worker whose lease another has taken can store nothing, whatever it believes.
func TestPostgresFencesAnOldTerm(t *testing.T) {
	server := postgres.Start(t)
	a, b := startWorker(t, server, "a"), startWorker(t, server, "b")
	first, old := leaseOf(t, a, claim)
	require.NoError(t, old.Set(t.Context(), "cursor", []byte("1")))
	_, err := b.Lease(t.Context(), claim)
	var held *lease.HeldError
	require.ErrorAs(t, err, &held)
	assert.Equal(t, []any{"a", first.Epoch(), "x"}, []any{held.Worker, held.Epoch, held.Scope})

	_, err = server.Connect().Exec(t.Context(), `update otelcol_defender.shard set until = '-infinity'`) // as if a had been frozen
	require.NoError(t, err)
	second, present := leaseOf(t, b, claim)
	assert.Greater(t, second.Epoch(), first.Epoch())
	require.NoError(t, present.Set(t.Context(), "cursor", []byte("2")))
	require.ErrorIs(t, old.Set(t.Context(), "cursor", []byte("1")), lease.ErrFenced)
	require.ErrorIs(t, old.Batch(t.Context(), storage.DeleteOperation("cursor"), storage.SetOperation("more", nil)), lease.ErrFenced)
	<-first.Lost()
	assert.False(t, first.IsCertain())
	require.Error(t, first.Err())
	require.NoError(t, first.Release(t.Context()), "it gives back nothing that is another's")
	value, err := present.Get(t.Context(), "cursor")
	require.NoError(t, err)
	assert.Equal(t, "2", string(value))
	assert.True(t, second.IsCertain())
}

// Many processes start at once, and each lease has one holder.
func TestPostgresWorkersStartAtOnce(t *testing.T) {
	server := postgres.Start(t)
	var workers sync.WaitGroup
	var mu sync.Mutex
	holders := 0
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		p := startWorker(t, server, name)
		workers.Go(func() {
			if _, err := p.Lease(t.Context(), claim); err == nil {
				mu.Lock()
				defer mu.Unlock()
				holders++
			}
		})
	}
	workers.Wait()
	assert.Equal(t, 1, holders)
}

// What workers share is refused from one that was thought dead, until it has read what the others have stored.
func TestPostgresSharedPart(t *testing.T) {
	server := postgres.Start(t)
	a, b := startWorker(t, server, "a"), startWorker(t, server, "b")
	open := func(p *postgresStorage) lease.Shared {
		client, err := p.Share(t.Context(), component.KindProcessor, component.MustNewID("total_normalize"), "")
		require.NoError(t, err)
		return client.(lease.Shared)
	}
	one, two := open(a), open(b)
	reads := 0
	read := func(s lease.Shared) func(context.Context) error {
		return func(ctx context.Context) error {
			reads++
			return s.Walk(ctx, func(string, []byte) ([]*storage.Operation, error) { return nil, nil })
		}
	}
	refresh := func(s lease.Shared) {
		require.Eventually(t, func() bool { return s.Refresh(t.Context(), read(s)) == nil }, 20*testLease, testLease/20)
	}
	require.Error(t, one.Set(t.Context(), "x", nil), "nothing was read yet")
	refresh(one)
	refresh(two)
	require.NoError(t, one.Set(t.Context(), "x", []byte("1")))
	require.NoError(t, two.Set(t.Context(), "y", []byte("1")))
	before := reads
	refresh(one)
	assert.Equal(t, before, reads, "nothing has changed hands")
	leaseOf(t, a, claim)
	refresh(one)
	assert.Equal(t, before+1, reads, "a term has begun")

	_, err := server.Connect().Exec(t.Context(), `update otelcol_defender.shard set until = '-infinity' where id like 'worker/%' and worker = 'a'`)
	require.NoError(t, err)
	require.ErrorIs(t, one.Set(t.Context(), "x", []byte("2")), lease.ErrFenced)
	require.NoError(t, two.Set(t.Context(), "x", []byte("3")))
	require.Eventually(t, func() bool {
		_ = one.Refresh(t.Context(), read(one))
		return one.Set(t.Context(), "z", []byte("1")) == nil
	}, 20*testLease, testLease/20, "the worker begins another session")
	assert.Greater(t, reads, before+1)
	value, err := one.Get(t.Context(), "x")
	require.NoError(t, err)
	assert.Equal(t, "3", string(value))
}

// A database that was away for longer than a lease costs a part that one process has open nothing, unless another
// process has had it.
func TestPostgresIsAwayForLong(t *testing.T) {
	server := postgres.Start(t)
	p := startWorker(t, server, "a")
	c, err := p.GetClient(t.Context(), component.KindExporter, component.MustNewID("otlp"), "")
	require.NoError(t, err)
	require.NoError(t, c.Set(t.Context(), "x", []byte("1")))
	term, leased := leaseOf(t, p, claim)
	server.Stop("immediate")
	require.Error(t, c.Set(t.Context(), "x", []byte("2")))
	<-term.Lost()
	time.Sleep(testLease)
	server.Begin()
	require.NoError(t, c.Set(t.Context(), "x", []byte("3")))
	require.ErrorIs(t, leased.Set(t.Context(), "x", nil), lease.ErrFenced, "a receiver begins anew")
	again, _ := leaseOf(t, p, claim)
	assert.Greater(t, again.Epoch(), term.Epoch())
}
