package source

import (
	"sync"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// Start is where a live lane began, once that is known.
type Start struct {
	known chan struct{}
	once  sync.Once
	at    ledger.LiveStart // set before known is closed
}

// NewStart is a start that is not known yet.
func NewStart() *Start { return &Start{known: make(chan struct{})} }

// Known is closed once the start is known.
func (s *Start) Known() <-chan struct{} { return s.known }

func (s *Start) tell(at ledger.LiveStart) {
	s.once.Do(func() {
		s.at = at
		close(s.known)
	})
}
