package destination

import (
	"context"
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

// Destination holds events.
type Destination interface {
	// Read gives every event to take, whose error ends it.
	Read(ctx context.Context, take Take) (*Stats, error)
	// Show says what a place is called, e.g. events.ndjson:17.
	Show(comparison.Place) string
}

// Take is given an event and where it stands.
type Take func(event.Event, comparison.Place) error

// Stats say what was read.
type Stats struct {
	Events int64 `json:"events"`
	// Unreadable are the lines, messages and files that hold no event; Examples are the first of them, with the reason.
	Unreadable int64    `json:"unreadable"`
	Examples   []string `json:"unreadable_examples,omitempty"`
	// Notes are what may make events absent, e.g. that a topic no longer has its oldest messages.
	Notes []string `json:"notes,omitempty"`
}

// maxExamples is how many unreadable places are named.
const maxExamples = 10

func (s *Stats) unreadable(place string, err error) {
	s.Unreadable++
	if len(s.Examples) < maxExamples {
		s.Examples = append(s.Examples, fmt.Sprintf("%s: %v", place, err))
	}
}
