package ledger

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

// stored is the form of a cursor and the index of its bins in the storage. In history, since and complete_until are
// those of the span.
type stored struct {
	Version       int               `json:"version"`
	TimeBasis     string            `json:"axis"`
	Filter        string            `json:"filter"`
	Since         time.Time         `json:"since"`
	CompleteUntil time.Time         `json:"complete_until"`
	CarriedUntil  time.Time         `json:"carried_until,omitzero"`
	Unreadable    []Range           `json:"aside,omitempty"`
	LiveStart     LiveStart         `json:"began,omitzero"`
	History       *storedHistory    `json:"backfill,omitempty"`
	Bins          map[string][4]int `json:"bins,omitempty"` // rows, segments, counted, refused; earlier releases wrote three
}

type storedHistory struct {
	LiveStart LiveStart `json:"live"`
	Reached   time.Time `json:"reached"`
	SpanTo    time.Time `json:"to,omitzero"`
	Recounted bool      `json:"recounted,omitempty"`
	Ahead     bool      `json:"ahead,omitempty"`
}

func encode(c Cursor, index map[Bin]Entry) ([]byte, error) {
	s := stored{
		Version: version, TimeBasis: c.TimeBasis, Filter: c.Filter, Since: c.Since.UTC(), CompleteUntil: c.CompleteUntil.UTC(),
		CarriedUntil: c.CarriedUntil, Unreadable: c.Unreadable, LiveStart: c.LiveStart,
		Bins: make(map[string][4]int, len(index)),
	}
	if h := c.History; h != nil {
		s.Since, s.CompleteUntil = h.Span.From.UTC(), h.Span.Until.UTC()
		s.History = &storedHistory{
			LiveStart: h.LiveStart, Reached: h.Reached, SpanTo: h.Span.To, Recounted: h.Recounted, Ahead: h.Ahead,
		}
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
	return s.cursor(), index, nil
}

func (s *stored) cursor() Cursor {
	c := Cursor{
		TimeBasis: s.TimeBasis, Filter: s.Filter, CarriedUntil: s.CarriedUntil.UTC(), Unreadable: s.Unreadable, LiveStart: s.LiveStart,
	}
	if h := s.History; h != nil {
		c.History = &HistoryState{
			LiveStart: h.LiveStart, Reached: h.Reached, Recounted: h.Recounted, Ahead: h.Ahead,
			Span: Span{From: s.Since.UTC(), Until: s.CompleteUntil.UTC(), To: h.SpanTo},
		}
		return c
	}
	c.Since, c.CompleteUntil = s.Since.UTC(), s.CompleteUntil.UTC()
	return c
}
