package comparison

import (
	"cmp"
	"slices"
	"time"
)

// Verdict says what was found, as one word.
type Verdict string

// The verdicts.
const (
	Complete  Verdict = "complete"  // all events are present and unaltered
	Deviating Verdict = "deviating" // events are absent or altered
	Unjudged  Verdict = "unjudged"  // it cannot be told whether events are absent
)

// Counts are of events, but for Copies.
type Counts struct {
	Rows       int64 `json:"rows"`       // of the source in the period
	Dropped    int64 `json:"dropped"`    // by the processors: nobody's rows
	Expected   int64 `json:"expected"`   // at the destination
	Present    int64 `json:"present"`    // of these, at least one copy each
	Absent     int64 `json:"absent"`     // of these
	Undecided  int64 `json:"undecided"`  // of these: absent, or dropped when they were processed
	NotDue     int64 `json:"not_due"`    // of these: absent, and too new to be missed
	Altered    int64 `json:"altered"`    // present with a copy that says something else
	Attributed int64 `json:"attributed"` // present with a copy that is of another person, or of a row that is nobody's today
	Repeated   int64 `json:"repeated"`   // present more than once
	Copies     int64 `json:"copies"`     // of the repeated events, beyond the first
}

// Event is an event that is named.
type Event struct {
	ID string `json:"event_id"`
	// Table is of events that the source has, and Type of those that it has not.
	Table string    `json:"table,omitempty"`
	Type  string    `json:"event_type,omitempty"`
	Time  time.Time `json:"timestamp,omitzero"`
	// Copies are how many the destination holds.
	Copies int `json:"copies,omitempty"`
	// Places are where they stand: of altered and attributed ones those that differ. Beyond ten they are left out.
	Places []string `json:"places,omitempty"`
}

// List is the named events of one kind, in order of time.
type List struct {
	Count  int64   `json:"count"`
	Events []Event `json:"events"`
}

// Result is what was found.
type Result struct {
	Verdict Verdict           `json:"verdict"`
	Tables  map[string]Counts `json:"tables"`
	Total   Counts            `json:"total"`
	// Held are the events at the destination that were compared; Outside of these are not of the period, nor expected.
	Held    int64 `json:"held"`
	Outside int64 `json:"outside"`
	// OfOthers are the events of other domains, and of event types whose tables were not all read.
	OfOthers int64 `json:"of_others"`

	Absent     List `json:"absent"`
	Altered    List `json:"altered"`
	Repeated   List `json:"repeated"`
	Unexpected List `json:"unexpected"`
	Superseded List `json:"superseded"`
	Attributed List `json:"attributed"`
	Undecided  List `json:"undecided"`
	NotDue     List `json:"not_due"`
}

// conclude fills in what follows from the tables.
func (r *Result) conclude() {
	for _, c := range r.Tables {
		r.Total.add(c)
	}
	for _, list := range r.lists() {
		if list.Events == nil {
			list.Events = []Event{}
		}
		slices.SortFunc(list.Events, func(a, b Event) int {
			return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
		})
	}
	switch t := r.Total; {
	case t.Absent+t.Altered > 0:
		r.Verdict = Deviating
	case t.Undecided > 0, t.NotDue > 0 && t.Present == 0:
		r.Verdict = Unjudged
	default:
		r.Verdict = Complete
	}
}

func (r *Result) lists() []*List {
	return []*List{&r.Absent, &r.Altered, &r.Repeated, &r.Unexpected, &r.Superseded, &r.Attributed, &r.Undecided, &r.NotDue}
}

func (c *Counts) add(other Counts) {
	c.Rows += other.Rows
	c.Dropped += other.Dropped
	c.Expected += other.Expected
	c.Present += other.Present
	c.Absent += other.Absent
	c.Undecided += other.Undecided
	c.NotDue += other.NotDue
	c.Altered += other.Altered
	c.Attributed += other.Attributed
	c.Repeated += other.Repeated
	c.Copies += other.Copies
}

// name adds an event to a list that has room for it.
func (l *List) name(limit int, event func() Event) {
	l.Count++
	if len(l.Events) < limit {
		l.Events = append(l.Events, event())
	}
}
