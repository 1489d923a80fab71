package service

import (
	"fmt"
	"iter"
	"time"
)

// Span is the time in which the replayed rows arrive, and how many they are, of all tables but the directories.
type Span struct {
	From, To time.Time
	Rows     int
}

// lag is how long after its event a row arrives.
const lag = 90 * time.Second

// stream is a table's rows along time.
type stream struct {
	table     Table
	templates []template
	now       template
	from      time.Time
	step      time.Duration
	rows      int
}

// newStreams lays the tables of a recording along a span, each with its share of the rows.
func newStreams(r *Recording, span Span) (map[string]*stream, error) {
	recorded := 0
	for _, table := range r.Tables {
		if !table.Directory {
			recorded += len(table.Rows)
		}
	}
	streams := make(map[string]*stream, len(r.Tables))
	for _, table := range r.Tables {
		s := &stream{table: table, from: span.From.Truncate(time.Microsecond)}
		var err error
		if s.templates, err = newTemplates(table.Rows); err != nil {
			return nil, fmt.Errorf("%s: %w", table.Name, err)
		}
		if s.now, err = newTemplate(table.Now); err != nil {
			return nil, fmt.Errorf("%s: %w", table.Name, err)
		}
		switch {
		case table.Directory:
			s.rows = len(table.Rows)
		case len(table.Rows) > 0:
			s.rows = max(1, span.Rows*len(table.Rows)/recorded)
			if span.Rows == 0 {
				s.rows = 0
			}
			s.step = max(span.To.Sub(span.From)/time.Duration(max(s.rows, 1)), time.Microsecond).Truncate(time.Microsecond)
		}
		streams[table.Name] = s
	}
	return streams, nil
}

// arrival is when row i arrives.
func (s *stream) arrival(i int) time.Time { return s.from.Add(time.Duration(i) * s.step) }

// between are the rows that arrive from a time on and before another one: the first, and the one after the last.
func (s *stream) between(from, to time.Time) (first, end int) {
	return s.firstFrom(from), s.firstFrom(to)
}

// firstFrom is the first row that arrives at a time or later.
func (s *stream) firstFrom(t time.Time) int {
	since := t.Sub(s.from)
	if since <= 0 || s.rows == 0 {
		return 0
	}
	return min(int((since+s.step-1)/s.step), s.rows)
}

// written gives rows first to end as JSON. A row is valid until the next one.
func (s *stream) written(first, end int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var buf []byte
		for i := first; i < end; i++ {
			arrived := s.arrival(i)
			buf = s.templates[i%len(s.templates)].appendTo(buf[:0], moment{happened: arrived.Add(-lag), arrived: arrived, report: i})
			if !yield(buf) {
				return
			}
		}
	}
}

// newest gives all rows of a directory as JSON, as if they had arrived at one time.
func (s *stream) newest(arrived time.Time) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var buf []byte
		for i := range s.templates {
			buf = s.templates[i].appendTo(buf[:0], moment{happened: arrived.Add(-lag), arrived: arrived, report: i})
			if !yield(buf) {
				return
			}
		}
	}
}

// size is the size of rows first to end as JSON.
func (s *stream) size(first, end int) int {
	size := 0
	for i := first; i < end; i++ {
		size += len(s.templates[i%len(s.templates)].text) + 1
	}
	return size
}
