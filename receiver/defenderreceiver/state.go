package defenderreceiver

import (
	"sync"
	"time"
)

// Reasons why a table is paused.
const (
	reasonFailures    = "failures"
	reasonCredentials = "credentials"
	reasonNotInPlan   = "not_in_plan"
	reasonNoArrival   = "no_ingestion_time"
)

// tableState is what others may see of a table: gauges and status.
type tableState struct {
	// mu guards everything below.
	mu            sync.Mutex
	completeUntil time.Time // zero until it is known where the table begins
	paused        string    // the reason; empty while the table runs
}

func (s *tableState) progress(completeUntil time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.completeUntil = completeUntil
}

// pause sets the reason; an empty one resumes. It reports whether that changed anything.
func (s *tableState) pause(reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.paused != reason
	s.paused = reason
	return changed
}

func (s *tableState) snapshot() (completeUntil time.Time, paused string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.completeUntil, s.paused
}
