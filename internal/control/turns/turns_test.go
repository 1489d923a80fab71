package turns

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

// lender gives a turn when there is one in the channel.
type lender struct {
	turns chan struct{}
	err   error

	mu     sync.Mutex // guards what follows
	waited []time.Duration
	costs  []time.Duration
}

func newLender(turns int) *lender {
	l := &lender{turns: make(chan struct{}, 100)}
	for range turns {
		l.turns <- struct{}{}
	}
	return l
}

func (l *lender) Lend(ctx context.Context, waited time.Duration) (control.Loan, error) {
	l.mu.Lock()
	l.waited = append(l.waited, waited)
	l.mu.Unlock()
	if l.err != nil {
		return nil, l.err
	}
	select {
	case <-l.turns:
		return l, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *lender) Return(cpu time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.costs = append(l.costs, cpu)
}

func (l *lender) returned() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.costs
}

func newDesk() *Desk {
	return NewDesk(func(w http.ResponseWriter, _ *http.Request, status int, err error) {
		http.Error(w, err.Error(), status)
	})
}

// mux is where the control extension mounts a desk.
func mux(d *Desk, l control.Lender) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /api/v1/receivers/{id}/turns", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "defender/a" {
			http.Error(w, "there is no such receiver", http.StatusNotFound)
			return
		}
		d.Take(w, r, l)
	})
	m.HandleFunc("POST /api/v1/turns/{turn}", d.Return)
	return m
}

func newClient(t *testing.T, d *Desk, l control.Lender) *Client {
	t.Helper()
	server := httptest.NewServer(mux(d, l))
	t.Cleanup(server.Close)
	return &Client{HTTP: server.Client(), Base: server.URL + "/", Receiver: "defender/a", Failed: func(err error) { assert.NoError(t, err) }}
}

func TestTurnIsLentAndReturned(t *testing.T) {
	l := newLender(2)
	c := newClient(t, newDesk(), l)
	loan, err := c.Lend(t.Context(), 3*time.Second)
	require.NoError(t, err)
	assert.Empty(t, l.returned())
	loan.Return(1500 * time.Millisecond)
	assert.Equal(t, []time.Duration{1500 * time.Millisecond}, l.returned())
	assert.GreaterOrEqual(t, l.waited[0], 3*time.Second)

	var failure error
	c.Failed = func(err error) { failure = err }
	loan.Return(time.Second)
	require.ErrorContains(t, failure, "410")
	assert.Len(t, l.returned(), 1, "a turn is returned once")
}

func TestNoTurn(t *testing.T) {
	l := newLender(0)
	l.err = errors.New("the receiver stops")
	c := newClient(t, newDesk(), l)
	_, err := c.Lend(t.Context(), 0)
	require.ErrorContains(t, err, "the receiver stops")
	c.Receiver = "defender/b"
	_, err = c.Lend(t.Context(), 0)
	require.ErrorContains(t, err, "there is no such receiver")
	c.Base = "http://127.0.0.1:1"
	_, err = c.Lend(t.Context(), 0)
	require.ErrorContains(t, err, "take a turn of the running collector")
}

// A request waits for a while, and the client asks again with the time that it has waited.
func TestTurnIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLender(0)
		d := newDesk()
		c := &Client{HTTP: &http.Client{Transport: direct{mux(d, l)}}, Base: "http://collector", Receiver: "defender/a"}
		time.AfterFunc(25*time.Second, func() { l.turns <- struct{}{} })
		loan, err := c.Lend(t.Context(), 0)
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{0, 10 * time.Second, 20 * time.Second}, l.waited)
		loan.Return(time.Second)
		assert.Equal(t, []time.Duration{time.Second}, l.returned())
	})
}

// A command that dies has its turn counted as a long query.
func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLender(3)
		d := newDesk()
		c := &Client{HTTP: &http.Client{Transport: direct{mux(d, l)}}, Base: "http://collector", Receiver: "defender/a", Failed: func(error) {}}
		loan, err := c.Lend(t.Context(), 0)
		require.NoError(t, err)
		time.Sleep(lease + time.Second)
		assert.Equal(t, []time.Duration{lease}, l.returned())
		loan.Return(time.Second)
		assert.Len(t, l.returned(), 1)

		_, err = c.Lend(t.Context(), 0)
		require.NoError(t, err)
		d.Close()
		assert.Equal(t, []time.Duration{lease, lease}, l.returned())
	})
}

// direct answers requests without a connection.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

func TestWrongBodies(t *testing.T) {
	l := newLender(1)
	for _, path := range []string{"receivers/defender%2Fa/turns", "turns/x"} {
		for _, body := range []string{"", "x", `{"waited_seconds": -1, "cpu_seconds": -1}`, strings.Repeat(" ", 2*maxBody) + "{}"} {
			w := httptest.NewRecorder()
			mux(newDesk(), l).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/v1/"+path, strings.NewReader(body)))
			assert.Equal(t, http.StatusBadRequest, w.Code, "%s %q", path, body)
		}
	}
}
