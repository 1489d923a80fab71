package tenancy

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// End is why a term is over for this worker.
type End string

// The ends.
const (
	Fenced     End = "fenced"      // the database says so: the lease ran out, and another worker may have taken it
	GivenBack  End = "given_back"  // its component has ended, or the worker
	NotRenewed End = "not_renewed" // it could not be renewed for half of its duration
	Yielded    End = "yielded"     // another worker holds fewer
)

// Ends are all of them.
func Ends() []End { return []End{Fenced, GivenBack, NotRenewed, Yielded} }

var errReleased = fmt.Errorf("it was given back: %w", lease.ErrFenced)

func endOf(cause error) End {
	switch {
	case errors.Is(cause, lease.ErrYielded):
		return Yielded
	case errors.Is(cause, errReleased):
		return GivenBack
	case errors.Is(cause, lease.ErrFenced):
		return Fenced
	default:
		return NotRenewed
	}
}

// Ending is the end of a term of a kind.
type Ending struct {
	Kind string
	End  End
}

// Counts are those of a worker since its start.
type Counts struct {
	Began map[string]int64 // terms, by kind
	Ended map[Ending]int64 // terms
	// Renewed is when the last renewal of any lease was sent that the database has confirmed, or else the start.
	Renewed time.Time
}

// tally counts what becomes of a worker's terms. It is locked last: nothing else is called while it is.
type tally struct {
	mu     sync.Mutex // guards counts
	counts Counts
}

func newTally(now time.Time) *tally {
	return &tally{counts: Counts{Began: map[string]int64{}, Ended: map[Ending]int64{}, Renewed: now}}
}

func (t *tally) began(shard string, asked time.Time) {
	t.renewed(asked)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Began[kindOf(shard)]++
}

func (t *tally) ended(shard string, cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Ended[Ending{kindOf(shard), endOf(cause)}]++
}

func (t *tally) renewed(sent time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if sent.After(t.counts.Renewed) {
		t.counts.Renewed = sent
	}
}

func (t *tally) all() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Counts{Began: maps.Clone(t.counts.Began), Ended: maps.Clone(t.counts.Ended), Renewed: t.counts.Renewed}
}

// kindOf is the kind of what a lease is of.
func kindOf(shard string) string {
	kind, _, _ := strings.Cut(shard, "/")
	return kind
}
