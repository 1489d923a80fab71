package comparison

import (
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
