package lease_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
	"github.com/otelcol-defender/otelcol-defender/internal/storageclient"
)

var (
	storageID = component.MustNewID("postgres_storage")
	claim     = lease.Claim{Kind: component.KindReceiver, ID: component.MustNewID("defender"), Scope: "mine"}
)

// lessor is a storage extension whose lease the test gives and takes.
type lessor struct {
	component.StartFunc
	component.ShutdownFunc

	mu      sync.Mutex // guards everything below
	refusal error      // nil: the lease is free
	terms   []*term
}

var (
	_ lease.Lessor      = (*lessor)(nil)
	_ storage.Extension = (*lessor)(nil)
)

func (l *lessor) Interval() time.Duration { return time.Second }

func (l *lessor) Lease(context.Context, lease.Claim) (lease.Term, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusal != nil {
		return nil, l.refusal
	}
	t := &term{epoch: int64(len(l.terms) + 1), lost: make(chan struct{})}
	l.terms = append(l.terms, t)
	return t, nil
}

func (l *lessor) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return nil, errors.New("the storage is opened without a lease")
}

func (l *lessor) refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusal = err
}

func (l *lessor) last() *term {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.terms[len(l.terms)-1]
}

func (l *lessor) first() *term {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.terms[0]
}

type term struct {
	epoch    int64
	lost     chan struct{}
	err      error // set before lost is closed
	released atomic.Int32
}

func (t *term) Client(_ context.Context, name string) (storage.Client, error) {
	return client{storage.NewNopClient(), t, name}, nil
}
func (t *term) Epoch() int64                  { return t.epoch }
func (t *term) Lost() <-chan struct{}         { return t.lost }
func (t *term) Err() error                    { return t.err }
func (t *term) IsCertain() bool               { return t.err == nil }
func (t *term) Release(context.Context) error { t.released.Add(1); return nil }

func (t *term) lose(err error) {
	t.err = err
	close(t.lost)
}

// client shows of which term it is.
type client struct {
	storage.Client
	term *term
	name string
}

// life is the component of a term.
type life struct {
	host   component.Host
	client storage.Client
	failed error // of its start
	ended  int
	hold   time.Duration // how long it takes to shut down
}

func (l *life) Start(ctx context.Context, host component.Host) error {
	l.host = host
	var err error
	if l.client, err = storageclient.Open(ctx, host, storageID, claim.Kind, claim.ID); err != nil {
		return err
	}
	return l.failed
}

func (l *life) Shutdown(context.Context) error {
	time.Sleep(l.hold)
	l.ended++
	return nil
}

// host is a Collector that notes what was reported.
type host struct {
	extensions map[component.ID]component.Component
	mu         sync.Mutex
	last       *componentstatus.Event
}

func (h *host) GetExtensions() map[component.ID]component.Component { return h.extensions }

func (h *host) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = event
}

// says is the text of the present status.
func (h *host) says() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		return ""
	}
	if h.last.Err() != nil {
		return h.last.Err().Error()
	}
	note, _ := h.last.Attributes().Get(lease.Note)
	return note.AsString()
}

func (h *host) isFine() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last.Status() == componentstatus.StatusOK
}

// scene is a component in synthetic time, with all that has lived.
type scene struct {
	*lease.Component
	lessor *lessor
	host   *host

	mu    sync.Mutex // guards everything below
	lives []*life
	next  life
}

// lived are the components of all terms so far.
func (s *scene) lived() []*life {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lives)
}

// fail says how the starts of lives end from now on.
func (s *scene) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next.failed = err
}

// begin makes the component of a term.
func (s *scene) begin(lease.Term) (component.Component, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.next
	s.lives = append(s.lives, &l)
	return &l, nil
}

func play(t *testing.T, do func(t *testing.T, s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{lessor: &lessor{}}
		s.host = &host{extensions: map[component.ID]component.Component{storageID: s.lessor}}
		s.Component = lease.NewComponent(lease.Settings{Claim: claim, Storage: &storageID, Logger: zap.NewNop(), Begin: s.begin})
		do(t, s)
	})
}

func later() {
	time.Sleep(3 * time.Second)
	synctest.Wait()
}

func TestTheComponentLivesInTerms(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		t.Helper()
		s.lessor.refuse(&lease.HeldError{Holder: lease.Holder{Worker: "b", Epoch: 7, Scope: "mine"}})
		require.NoError(t, s.Start(t.Context(), s.host))
		later()
		assert.Empty(t, s.lived(), "another worker holds the lease")
		assert.Contains(t, s.host.says(), "worker b holds the lease")
		assert.True(t, s.host.isFine(), "to stand by is no trouble")

		s.lessor.refuse(nil)
		later()
		require.Len(t, s.lived(), 1)
		opened := s.lived()[0].client.(client)
		assert.Same(t, s.lessor.last(), opened.term, "the storage is that of the term")
		assert.Contains(t, s.host.says(), "this worker holds it, epoch 1")

		s.lessor.refuse(errors.New("the database is down"))
		s.lessor.last().lose(lease.ErrFenced)
		later()
		assert.Equal(t, 1, s.lived()[0].ended, "what it knew is forgotten")
		assert.Contains(t, s.host.says(), "the database is down")
		assert.False(t, s.host.isFine())
		componentstatus.ReportStatus(s.lived()[0].host, componentstatus.NewEvent(componentstatus.StatusOK))
		assert.False(t, s.host.isFine(), "who has ended says nothing any more")

		s.lessor.refuse(nil)
		later()
		require.Len(t, s.lived(), 2)
		assert.EqualValues(t, 2, s.lived()[1].client.(client).term.epoch)
		require.NoError(t, s.Shutdown(t.Context()))
		assert.Equal(t, 1, s.lived()[1].ended)
		assert.Zero(t, s.lessor.last().released.Load(), "the extension gives the lease back when all have stored their state")
		later()
		assert.Len(t, s.lived(), 2)
	})
}

// A lease that others are to have is given back when the component has stored its last state.
func TestAYieldedTermIsGivenBack(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		t.Helper()
		s.next.hold = 10 * time.Second
		require.NoError(t, s.Start(t.Context(), s.host))
		later()
		first := s.lessor.last()
		s.lessor.refuse(&lease.HeldError{})
		first.lose(lease.ErrYielded)
		later()
		assert.Zero(t, first.released.Load())
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, []int{1, 1}, []int{int(first.released.Load()), s.lived()[0].ended})
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

// A component that cannot start leaves its lease to another worker, says why, and tries again.
func TestAComponentThatCannotStartIsTriedAgain(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		t.Helper()
		s.fail(errors.New("the certificate is not there"))
		require.NoError(t, s.Start(t.Context(), s.host))
		later()
		assert.Contains(t, s.host.says(), "the certificate is not there")
		assert.Equal(t, []int{1, 1}, []int{s.lived()[0].ended, int(s.lessor.first().released.Load())})
		s.fail(nil)
		later()
		assert.True(t, s.host.isFine())
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestWorkersWithAnotherConfigurationAreTold(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		t.Helper()
		s.lessor.refuse(&lease.HeldError{Holder: lease.Holder{Worker: "b", Scope: "another"}})
		require.NoError(t, s.Start(t.Context(), s.host))
		later()
		assert.Contains(t, s.host.says(), "give all workers one configuration")
		assert.False(t, s.host.isFine())
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

// plain is a storage without leases.
type plain struct {
	component.StartFunc
	component.ShutdownFunc
}

func (plain) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return storage.NewNopClient(), nil
}

// Without leases all is as it was: a start that fails fails, and the storage is the extension's own.
func TestWithoutLeases(t *testing.T) {
	var given []lease.Term
	made := &life{failed: errors.New("no")}
	c := lease.NewComponent(lease.Settings{Claim: claim, Storage: &storageID, Logger: zap.NewNop(), Begin: func(term lease.Term) (component.Component, error) {
		given = append(given, term)
		return made, nil
	}})
	require.NoError(t, c.Shutdown(t.Context()), "before the start")
	err := c.Start(t.Context(), &host{extensions: map[component.ID]component.Component{storageID: plain{}}})
	require.Error(t, err)
	assert.Equal(t, []lease.Term{nil}, given)
	require.NoError(t, c.Shutdown(t.Context()))
	assert.Equal(t, 1, made.ended)
}

func TestAGuardTakesNothingOnceTheTermIsOver(t *testing.T) {
	sink, held := &consumertest.LogsSink{}, &term{lost: make(chan struct{})}
	guarded := lease.Guard(held, sink)
	require.NoError(t, guarded.ConsumeLogs(t.Context(), plog.NewLogs()))
	held.lose(lease.ErrFenced)
	require.ErrorIs(t, guarded.ConsumeLogs(t.Context(), plog.NewLogs()), lease.ErrFenced)
	assert.Len(t, sink.AllLogs(), 1)
	assert.Same(t, sink, lease.Guard(nil, sink))
}
