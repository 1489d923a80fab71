// Package drops counts the rows that a processor drops, by table, reason and the row's day, for the report of a day.
//
// A call's drops count once the call was accepted. A call that is refused comes again, and its drops with it. Counts are
// bounded to 400 days, the oldest are forgotten.
package drops

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// keptDays is how many days are kept: those of 13 months.
const keptDays = 400

const (
	prefix   = "drops/v1/"
	keySince = prefix + "since"
)

// Rows are numbers of rows by table and reason.
type Rows map[string]map[string]int

func (r Rows) add(table, reason string, n int) {
	if r[table] == nil {
		r[table] = map[string]int{}
	}
	r[table][reason] += n
}

// Call is what one call of the processor drops, by day.
type Call map[proof.Day]Rows

// Drop counts a row. Without a call around it, nothing is counted.
func (c Call) Drop(day proof.Day, table, reason string) {
	if c == nil {
		return
	}
	if c[day] == nil {
		c[day] = Rows{}
	}
	c[day].add(table, reason, 1)
}

type callKey struct{}

// Begin returns a context with a call in it.
func Begin(ctx context.Context) (context.Context, Call) {
	call := Call{}
	return context.WithValue(ctx, callKey{}, call), call
}

// Of is the call in a context, nil if there is none.
func Of(ctx context.Context) Call {
	call, _ := ctx.Value(callKey{}).(Call)
	return call
}

// Change is what is to be stored under a key. Without a value it is to be deleted.
type Change struct {
	Key   string
	Value any
}

// Counter counts the drops of accepted calls. It is safe for concurrent use.
type Counter struct {
	mu      sync.Mutex // guards everything below
	since   time.Time
	days    map[proof.Day]Rows
	changed map[proof.Day]struct{} // since Changes was called last
	stored  bool                   // the beginning is
	// owner tells the counts of this process apart from those of other workers; empty: there are no others.
	owner string
	// others are the counts of other workers, as they were stored.
	others map[string]Rows
}

// New returns a counter that begins now.
func New(now time.Time) *Counter {
	return &Counter{since: now.UTC(), days: map[proof.Day]Rows{}, changed: map[proof.Day]struct{}{}, others: map[string]Rows{}}
}

// Own keeps the counts of this process apart from those of other workers that use the same storage.
func (c *Counter) Own(owner string) { c.owner = "/" + owner }

// Add counts what an accepted call dropped.
func (c *Counter) Add(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for day, rows := range call {
		c.changed[day] = struct{}{}
		if c.days[day] == nil {
			c.days[day] = Rows{}
		}
		c.days[day].merge(rows)
	}
	for len(c.days) > keptDays {
		oldest := slices.Min(slices.Collect(maps.Keys(c.days)))
		delete(c.days, oldest)
		c.changed[oldest] = struct{}{}
	}
}

// Dropped is what was dropped of a day's rows.
func (c *Counter) Dropped(day proof.Day) proof.Drops {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := proof.Drops{Since: c.since, Reasons: []proof.Drop{}}
	all := c.days[day].clone()
	for name, rows := range c.others {
		if of, _, _ := strings.Cut(name, "/"); of == string(day) {
			all.merge(rows)
		}
	}
	for table, reasons := range all {
		for reason, n := range reasons {
			d.Reasons = append(d.Reasons, proof.Drop{Table: table, Reason: reason, Rows: n})
		}
	}
	slices.SortFunc(d.Reasons, func(a, b proof.Drop) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), strings.Compare(a.Reason, b.Reason))
	})
	return d
}

// Read takes up a stored value, and reports whether it was one.
func (c *Counter) Read(key string, value []byte) bool {
	name, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if key == keySince {
		var since time.Time
		if json.Unmarshal(value, &since) != nil || since.IsZero() {
			return false
		}
		if c.owner == "" || since.Before(c.since) {
			c.since = since.UTC()
		}
		c.stored = true
		return true
	}
	text, owner, _ := strings.Cut(name, "/")
	day, err := proof.ParseDay(text)
	rows := Rows{}
	if err != nil || json.Unmarshal(value, &rows) != nil {
		return false
	}
	switch {
	case c.owner != "" && c.owner == "/"+owner: // what this process knows is newer
	case c.owner != "" || owner != "":
		c.others[name] = rows
	default:
		c.days[day] = rows
	}
	return true
}

// Changes returns what is to be stored since the last call. done says whether it was. The beginning is stored with the
// first drop.
func (c *Counter) Changes() (changes []Change, done func(stored bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stored && len(c.changed) > 0 {
		changes = append(changes, Change{keySince, c.since})
	}
	taken := c.changed
	for day := range taken {
		change := Change{Key: prefix + string(day) + c.owner}
		if rows, ok := c.days[day]; ok {
			change.Value = rows.clone()
		}
		changes = append(changes, change)
	}
	c.changed = map[proof.Day]struct{}{}
	return changes, func(stored bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if stored {
			c.stored = c.stored || len(taken) > 0
			return
		}
		maps.Copy(c.changed, taken)
	}
}

// merge adds other numbers.
func (r Rows) merge(other Rows) {
	for table, reasons := range other {
		for reason, n := range reasons {
			r.add(table, reason, n)
		}
	}
}

func (r Rows) clone() Rows {
	copied := Rows{}
	for table, reasons := range r {
		copied[table] = maps.Clone(reasons)
	}
	return copied
}
