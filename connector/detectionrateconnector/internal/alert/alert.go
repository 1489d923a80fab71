package alert

import (
	"encoding/json"
	"slices"
	"time"
)

// maxUpdates is how many times of updates are kept of an alert: the latest.
const maxUpdates = 64

// Alert is what its records have said so far.
type Alert struct {
	ID string
	// created is when Graph says that it was created, row the first time of its rows; nanoseconds since 1970, 0: not known.
	created, row int64
	// updates are the times of its versions, sorted.
	updates []int64
	// Techniques are in upper case, Hosts, Names and Hashes in lower case. Names are those of files, Tests the UUIDs that occur
	// in paths.
	Techniques, Hosts, Names, Hashes, Tests Words
}

// Created is when the alert was created, in nanoseconds since 1970.
func (a *Alert) Created() int64 {
	if a.created != 0 {
		return a.created
	}
	return a.row
}

// Times are those at which the alert was created or updated.
func (a *Alert) Times() []int64 { return append(slices.Clone(a.updates), a.Created()) }

// Last is the latest of them.
func (a *Alert) Last() int64 { return slices.Max(a.Times()) }

// Merge adds what another record of the alert says. It reports whether that was new.
func (a *Alert) Merge(other Alert) bool {
	was := *a
	a.created, a.row = first(a.created, other.created), first(a.row, other.row)
	a.updates = union(a.updates, other.updates)
	a.Techniques, a.Hosts, a.Names = a.Techniques.with(other.Techniques), a.Hosts.with(other.Hosts), a.Names.with(other.Names)
	a.Hashes, a.Tests = a.Hashes.with(other.Hashes), a.Tests.with(other.Tests)
	return a.created != was.created || a.row != was.row || !slices.Equal(a.updates, was.updates) ||
		!slices.Equal(a.Techniques, was.Techniques) || !slices.Equal(a.Hosts, was.Hosts) || !slices.Equal(a.Names, was.Names) ||
		!slices.Equal(a.Hashes, was.Hashes) || !slices.Equal(a.Tests, was.Tests)
}

// first is the earlier of two times, of which any may be unknown.
func first(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

func union(a, b []int64) []int64 {
	all := slices.Concat(a, b)
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.Clip(all[max(0, len(all)-maxUpdates):])
}

// nanoseconds is a time as it is kept; 0: it is none, or out of reach.
func nanoseconds(at time.Time) int64 {
	if at.Year() < 1970 || at.Year() >= 2262 {
		return 0
	}
	return at.UnixNano()
}

// stored is the form in which an alert is kept.
type stored struct {
	ID         string   `json:"id"`
	Created    int64    `json:"created,omitempty"`
	Row        int64    `json:"row,omitempty"`
	Updates    []int64  `json:"updates,omitempty"`
	Techniques []string `json:"techniques,omitempty"`
	Hosts      []string `json:"hosts,omitempty"`
	Names      []string `json:"names,omitempty"`
	Hashes     []string `json:"hashes,omitempty"`
	Tests      []string `json:"tests,omitempty"`
}

// MarshalJSON is the stored form.
func (a *Alert) MarshalJSON() ([]byte, error) {
	return json.Marshal(stored{
		a.ID, a.created, a.row, a.updates, a.Techniques.Texts(), a.Hosts.Texts(), a.Names.Texts(), a.Hashes.Texts(), a.Tests.Texts(),
	})
}

// UnmarshalJSON reads the stored form.
func (a *Alert) UnmarshalJSON(text []byte) error {
	var s stored
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*a = Alert{
		ID: s.ID, created: s.Created, row: s.Row, updates: s.Updates, Techniques: wordsOf(s.Techniques),
		Hosts: wordsOf(s.Hosts), Names: wordsOf(s.Names), Hashes: wordsOf(s.Hashes), Tests: wordsOf(s.Tests),
	}
	return nil
}
