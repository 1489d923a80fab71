package defenderstoragereceiver

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/lease"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// leasing is a storage that several workers share, with the lease of one of them.
type leasing struct {
	*collector.Storage
	terms chan *term // to be given
}

var _ lease.Lessor = leasing{}

func (leasing) Interval() time.Duration { return time.Minute }

func (l leasing) Lease(context.Context, lease.Claim) (lease.Term, error) {
	select {
	case t := <-l.terms:
		t.storage = l.Storage
		return t, nil
	default:
		return nil, &lease.HeldError{Holder: lease.Holder{Worker: "another"}}
	}
}

type term struct {
	storage *collector.Storage
	lost    chan struct{}
}

func newTerm() *term { return &term{lost: make(chan struct{})} }

func (t *term) Client(ctx context.Context, name string) (storage.Client, error) {
	return t.storage.GetClient(ctx, component.KindReceiver, component.MustNewID("defender_storage"), name)
}
func (*term) Epoch() int64                  { return 1 }
func (t *term) Lost() <-chan struct{}       { return t.lost }
func (t *term) IsCertain() bool             { return t.Err() == nil }
func (*term) Release(context.Context) error { return nil }

func (t *term) Err() error {
	select {
	case <-t.lost:
		return errors.New("another worker has it")
	default:
		return nil
	}
}

// Where the storage gives leases, blobs are read only in a term, and the next one goes on where the cursors of the last are.
func TestLivesInTerms(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		shared := leasing{s.storage, make(chan *term, 1)}
		r := s.create(nil)
		host := s.host()
		host.Extensions[storageID] = shared
		require.NoError(t, r.Start(t.Context(), host))
		defer func() { require.NoError(t, r.Shutdown(context.Background())) }()

		s.write(epoch, lines(table, 0, 3))
		wait(10 * time.Minute)
		assert.Zero(t, s.sink.Count(), "another worker reads")

		first := newTerm()
		shared.terms <- first
		wait(10 * time.Minute)
		s.exactly(3)
		close(first.lost)
		wait(time.Minute)
		s.write(epoch, lines(table, 3, 5))
		wait(10 * time.Minute)
		s.exactly(3)

		shared.terms <- newTerm()
		wait(10 * time.Minute)
		s.exactly(5)
	})
}

func TestScope(t *testing.T) {
	one, other := *createDefaultConfig().(*Config), *createDefaultConfig().(*Config)
	one.Containers, other.Containers = []string{"a", "b"}, []string{"b", "a"}
	assert.Equal(t, one.scope(), other.scope(), "the order says nothing")
	other.Shard.Index = 1
	assert.NotEqual(t, one.scope(), other.scope())
}
