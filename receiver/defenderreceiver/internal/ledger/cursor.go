package ledger

import (
	"slices"
	"time"
)

// Cursor is how far a lane was read. It is a copy: changing it changes nothing.
type Cursor struct {
	// TimeBasis is the time that the table is read along, by its name in the configuration.
	TimeBasis string
	// Filter is a fingerprint of the row filter: under another filter the bins are not comparable.
	Filter string
	// Since: rows before it were never asked for, or were asked for under another filter. Zero in history.
	Since time.Time
	// CompleteUntil: every row before it was delivered. It has a resolution of 100 ns. Zero in history.
	CompleteUntil time.Time
	// CarriedUntil: no row after it was delivered along another time basis.
	CarriedUntil time.Time
	// Unreadable are the ranges that are passed over and tried again.
	Unreadable []Range
	// LiveStart is where the live lane began.
	LiveStart LiveStart
	// History is set in the cursor of history.
	History *HistoryState
}

// LiveStart is where a live lane began, along the time basis that it then had.
type LiveStart struct {
	TimeBasis string    `json:"axis"`
	At        time.Time `json:"at"`
}

// HistoryState is how far history was read, along the event's time.
type HistoryState struct {
	// LiveStart is where the live lane began: all before it is history.
	LiveStart LiveStart
	// Reached: all history from it up to the live start was read.
	Reached time.Time
	// Span is being read, or was read last.
	Span Span
	// Recounted: the time before the live start was counted again, after late rows have come.
	Recounted bool
	// Ahead: the rows were read that came before the live start with a Timestamp after it.
	Ahead bool
}

// Span is a part of history that is read at a time.
type Span struct {
	From  time.Time
	Until time.Time // all rows of the span before it were delivered
	To    time.Time // zero: no span is being read
}

// Reading reports whether a span is being read.
func (h HistoryState) Reading() bool { return !h.Span.To.IsZero() }

// Range is a half-open range of time that cannot be read.
type Range struct {
	TimeBasis string    `json:"axis"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Tries     int       `json:"tries"`
	Next      time.Time `json:"next"` // when it is tried again
}

// completeUntil is up to where all rows were delivered; of history, all rows of its span.
func (c *Cursor) completeUntil() *time.Time {
	if c.History != nil {
		return &c.History.Span.Until
	}
	return &c.CompleteUntil
}

// clone is a copy that shares nothing.
func (c *Cursor) clone() Cursor {
	copied := *c
	copied.Unreadable = slices.Clone(c.Unreadable)
	if c.History != nil {
		h := *c.History
		copied.History = &h
	}
	return copied
}
