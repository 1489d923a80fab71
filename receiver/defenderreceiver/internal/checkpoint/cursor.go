package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"
)

// version of the stored form. A later form is written beside this reader, not instead of it.
const version = 1

// Cursor is how far a table was read.
type Cursor struct {
	// Axis is the time that the table is read along, by its name in the configuration.
	Axis string
	// Filter is a fingerprint of the row filter: under another filter the ledger is not comparable.
	Filter string
	// Since: rows before it were never asked for, or under another filter.
	Since time.Time
	// CompleteUntil: every row before it was delivered. It has 100 ns resolution.
	CompleteUntil time.Time
	// CarriedUntil: rows after it were not delivered along another axis.
	CarriedUntil time.Time
	// Aside are ranges that could not be read and were passed over; they are tried again.
	Aside []Range
	// Began is where the live lane was first begun.
	Began Start
	// Backfill is set in the cursor of a backfill.
	Backfill *Backfill
}

// Start is where a lane began, along the axis that it then read.
type Start struct {
	Axis string    `json:"axis"`
	At   time.Time `json:"at"`
}

// Backfill is how far history was read. It is read in spans of event time, each from its beginning to its
// end, which is where the cursor's own times lie.
type Backfill struct {
	// Live is where the live lane began: what came before it is history.
	Live Start `json:"live"`
	// Reached: all history from it up to the live lane's start was read.
	Reached time.Time `json:"reached"`
	// To is the end of the span that is being read, and Since its beginning; zero between two spans.
	To time.Time `json:"to,omitzero"`
	// Recounted: the time before the live lane's start was counted again, after what is late has come.
	Recounted bool `json:"recounted,omitempty"`
	// Ahead: the rows were read that came before the live lane's start with a Timestamp behind it.
	Ahead bool `json:"ahead,omitempty"`
}

// Range is a half-open range of time that was set aside.
type Range struct {
	Axis  string    `json:"axis"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Tries int       `json:"tries"`
	Next  time.Time `json:"next"` // when it is tried again
}

// stored is the form of cursor and index in storage.
type stored struct {
	Version       int               `json:"version"`
	Axis          string            `json:"axis"`
	Filter        string            `json:"filter"`
	Since         time.Time         `json:"since"`
	CompleteUntil time.Time         `json:"complete_until"`
	CarriedUntil  time.Time         `json:"carried_until,omitzero"`
	Aside         []Range           `json:"aside,omitempty"`
	Began         Start             `json:"began,omitzero"`
	Backfill      *Backfill         `json:"backfill,omitempty"`
	Bins          map[string][4]int `json:"bins,omitempty"` // rows, segments, counted, refused; earlier releases wrote three
}

func encode(c Cursor, index map[Bin]Entry) ([]byte, error) {
	s := stored{
		Version: version, Axis: c.Axis, Filter: c.Filter, Since: c.Since.UTC(), CompleteUntil: c.CompleteUntil.UTC(),
		CarriedUntil: c.CarriedUntil, Aside: c.Aside, Began: c.Began, Backfill: c.Backfill,
		Bins: make(map[string][4]int, len(index)),
	}
	for bin, e := range index {
		s.Bins[bin.String()] = [4]int{e.Rows, e.Segments, e.Counted, e.Refused}
	}
	return json.Marshal(s)
}

var errNoTime = errors.New("it has no complete_until")

func decode(data []byte) (Cursor, map[Bin]Entry, error) {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return Cursor{}, nil, err
	}
	if s.Version != version {
		return Cursor{}, nil, fmt.Errorf("it is of version %d, and this release reads version %d", s.Version, version)
	}
	if s.CompleteUntil.IsZero() {
		return Cursor{}, nil, errNoTime
	}
	index := make(map[Bin]Entry, len(s.Bins))
	for name, e := range maps.All(s.Bins) {
		bin, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return Cursor{}, nil, fmt.Errorf("%q is no bin", name)
		}
		if e[0] < 0 || e[1] < 0 {
			return Cursor{}, nil, fmt.Errorf("bin %s has %d rows in %d segments", name, e[0], e[1])
		}
		index[Bin(bin)] = Entry{Rows: e[0], Segments: e[1], Counted: e[2], Refused: e[3]}
	}
	return Cursor{
		Axis: s.Axis, Filter: s.Filter, Since: s.Since.UTC(), CompleteUntil: s.CompleteUntil.UTC(),
		CarriedUntil: s.CarriedUntil.UTC(), Aside: s.Aside, Began: s.Began, Backfill: s.Backfill,
	}, index, nil
}
