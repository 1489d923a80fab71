package turns

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

const (
	// patience is how long one request waits for a turn: well below the time limits of servers and proxies.
	patience = 10 * time.Second
	// lease is how long a query may take. The service cuts one off after three minutes.
	lease = 5 * time.Minute
	// maxBody bounds a request.
	maxBody = 1 << 10
)

type asked struct {
	Waited float64 `json:"waited_seconds"`
}

type lent struct {
	Turn string `json:"turn"`
}

type returned struct {
	CPU float64 `json:"cpu_seconds"`
}

// Desk knows the turns that are lent.
type Desk struct {
	fail func(http.ResponseWriter, *http.Request, int, error)

	mu    sync.Mutex // guards loans
	loans map[string]*loan
}

// loan is a turn that is lent until its timer fires.
type loan struct {
	control.Loan

	timer *time.Timer
}

// NewDesk makes a desk without loans. fail answers a request with an error.
func NewDesk(fail func(w http.ResponseWriter, r *http.Request, status int, err error)) *Desk {
	return &Desk{fail: fail, loans: map[string]*loan{}}
}

var (
	errAsked    = errors.New(`the body must be {"waited_seconds": 0}, with how long the turn has been waited for`)
	errReturned = errors.New(`the body must be {"cpu_seconds": 0}, with what the query has cost`)
	errGone     = errors.New("the turn is not lent any more")
)

// Take answers a request for a turn of a receiver.
func (d *Desk) Take(w http.ResponseWriter, r *http.Request, from control.Lender) {
	var a asked
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&a); err != nil || a.Waited < 0 {
		d.fail(w, r, http.StatusBadRequest, errAsked)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	turn, err := from.Lend(ctx, seconds(a.Waited))
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		w.WriteHeader(http.StatusNoContent)
	case err != nil:
		d.fail(w, r, http.StatusServiceUnavailable, err)
	default:
		w.Header().Set("Content-Type", "application/json")
		// If the answer does not arrive, the lease ends the loan.
		_ = json.NewEncoder(w).Encode(lent{Turn: d.lend(turn)})
	}
}

// Return answers a request that gives a turn back. Its path has the wildcard {turn}.
func (d *Desk) Return(w http.ResponseWriter, r *http.Request) {
	var b returned
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&b); err != nil || b.CPU < 0 {
		d.fail(w, r, http.StatusBadRequest, errReturned)
		return
	}
	if !d.end(r.PathValue("turn"), seconds(b.CPU)) {
		d.fail(w, r, http.StatusGone, errGone)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (d *Desk) lend(turn control.Loan) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := uuid.NewString()
	d.loans[id] = &loan{Loan: turn, timer: time.AfterFunc(lease, func() { d.end(id, lease) })}
	return id
}

// end returns a loan, if it is still lent.
func (d *Desk) end(id string, cpu time.Duration) bool {
	d.mu.Lock()
	l, ok := d.loans[id]
	delete(d.loans, id)
	d.mu.Unlock()
	if ok {
		l.timer.Stop()
		l.Return(min(cpu, lease))
	}
	return ok
}

// Close ends all loans, as their leases would.
func (d *Desk) Close() {
	d.mu.Lock()
	loans := d.loans
	d.loans = map[string]*loan{}
	d.mu.Unlock()
	for _, l := range loans {
		l.timer.Stop()
		l.Return(lease)
	}
}

// seconds are at most what a duration holds.
func seconds(n float64) time.Duration {
	return time.Duration(min(n, (24*time.Hour).Seconds()) * float64(time.Second))
}
