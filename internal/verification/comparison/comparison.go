package comparison

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

// Settings say what is compared.
type Settings struct {
	// From and To are the period of event time, From within it and To not.
	From, To time.Time
	// Due says of each table when rows must have come for their events to be at the destination by now.
	Due map[string]Span
	// DomainID is the domain whose events are compared.
	DomainID string
	// Types are the event types of which all tables are read, so that an event of them can be unexpected.
	Types []string
	// Named is how many events of each kind are named; the others are counted.
	Named int
	// Directory is where temporary files are made; empty: where the system has them.
	Directory string
}

// Span is a half-open range of time.
type Span struct{ From, Until time.Time }

func (s Span) has(t time.Time) bool { return !t.Before(s.From) && t.Before(s.Until) }

// Row is a row of the source.
type Row struct {
	Table string
	ID    uuid.UUID
	// Time is when it happened, and Arrived when the service took it in; zero: that is not known.
	Time, Arrived time.Time
	// Event is what the processors made of it; nil: they drop it.
	Event *event.Event
}

// Place is where a copy of an event stands: its Position in the place of that number.
type Place struct {
	Number   uint32
	Position int64
}

// Comparison takes the events of both sides, in any order, and compares them. One goroutine uses it.
type Comparison struct {
	set        Settings
	directory  string
	partitions []*partition
	scratch    []byte

	tables, types   indexed
	persons, alerts map[uint64]struct{}
	result          Result
}

// most is how many persons, and how many alerts, are known.
const most = 1_000_000

// New begins a comparison. Close removes what it has on disk.
func New(set Settings) (*Comparison, error) {
	directory, err := os.MkdirTemp(set.Directory, "defenderctl-verify-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for temporary files: %w", err)
	}
	c := &Comparison{
		set: set, directory: directory, scratch: make([]byte, 0, entrySize),
		persons: map[uint64]struct{}{}, alerts: map[uint64]struct{}{}, result: Result{Tables: map[string]Counts{}},
	}
	for table := range set.Due {
		c.result.Tables[table] = Counts{}
	}
	if c.partitions, err = createPartitions(directory); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close removes the temporary files.
func (c *Comparison) Close() error {
	return errors.Join(closePartitions(c.partitions), os.RemoveAll(c.directory))
}

// Expect takes a row of the source.
func (c *Comparison) Expect(row Row) error {
	counts := c.result.Tables[row.Table]
	counts.Rows++
	e := entry{id: row.ID, at: nanoseconds(row.Time), side: dropped, kind: c.tables.index(row.Table)}
	if known := row.Event; known != nil {
		counts.Expected++
		e.side, e.content, e.person, e.alert = expected, known.Content, known.Person, known.Alert
		if isGuess(known.AttributedBy) {
			e.flags |= flagGuessed
		}
		remember(c.persons, known.Person)
		remember(c.alerts, known.Alert)
	} else {
		counts.Dropped++
	}
	if came := latest(row.Arrived, row.Time); !c.set.Due[row.Table].has(came) {
		e.flags |= flagNotDue
	}
	c.result.Tables[row.Table] = counts
	return c.add(&e)
}

// Find takes an event that the destination holds.
func (c *Comparison) Find(known event.Event, place Place) error {
	if known.DomainID != c.set.DomainID {
		c.result.OfOthers++
		return nil
	}
	c.result.Held++
	e := entry{
		id: known.ID, content: known.Content, person: known.Person, alert: known.Alert, at: nanoseconds(known.Time),
		side: found, kind: c.types.index(known.Type), place: place.Number, position: place.Position,
	}
	if known.OwnName {
		e.flags |= flagOwnName
	}
	// One that does not say when it happened may be of the period.
	if known.Time.IsZero() || !known.Time.Before(c.set.From) && known.Time.Before(c.set.To) {
		e.flags |= flagWithin
	}
	return c.add(&e)
}

func (c *Comparison) add(e *entry) error {
	// An id is made of a hash, so all partitions get alike many.
	return c.partitions[int(e.id[0])%partitions].add(e, c.scratch)
}

// Compare compares what was taken. show says what a place is called.
func (c *Comparison) Compare(show func(Place) string) (*Result, error) {
	j := &judge{set: c.set, result: &c.result, tables: &c.tables, types: &c.types, persons: c.persons, alerts: c.alerts, show: show}
	var memory []byte
	for _, p := range c.partitions {
		entries, err := p.sorted(&memory)
		if err != nil {
			return nil, err
		}
		for len(entries) > 0 {
			id := entries[0][:16]
			end := slices.IndexFunc(entries, func(e []byte) bool { return string(e[:16]) != string(id) })
			if end < 0 {
				end = len(entries)
			}
			j.judge(entries[:end])
			entries = entries[end:]
		}
	}
	c.result.conclude()
	return &c.result, nil
}

// isGuess reports whether a person was found by who is logged on, or is in the alert, at the time of reading.
func isGuess(way string) bool { return way == "logged_on_user" || way == "alert_user" }

func remember(known map[uint64]struct{}, hash uint64) {
	if hash != 0 && len(known) < most {
		known[hash] = struct{}{}
	}
}

func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return noTime
	}
	return t.UnixNano()
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// indexed are words by numbers.
type indexed []string

func (x *indexed) index(word string) uint8 {
	i := slices.Index(*x, word)
	if i < 0 {
		i = len(*x)
		if i == 255 {
			return 255 // words that nobody uses
		}
		*x = append(*x, word)
	}
	return uint8(i) //nolint:gosec // it is below 255
}

func (x indexed) word(i uint8) string {
	if int(i) < len(x) {
		return x[i]
	}
	return ""
}
