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
	progressed    time.Time // on this machine's clock
	paused        string    // the reason; empty while the table runs
	aside         int       // ranges that were set aside
	rowsRead      int       // delivered, duplicate or refused, sooner or later
}

func (s *tableState) progress(completeUntil time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.completeUntil.Equal(completeUntil) {
		s.completeUntil, s.progressed = completeUntil, time.Now()
	}
}

func (s *tableState) read() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rowsRead++
}

func (s *tableState) setAside(ranges int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aside = ranges
}

// pause sets the reason; an empty one resumes. It reports whether that changed anything.
func (s *tableState) pause(reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.paused != reason
	s.paused = reason
	return changed
}

// tableView is a copy of what a tableState holds.
type tableView struct {
	completeUntil, progressed time.Time
	paused                    string
	aside, rowsRead           int
}

func (s *tableState) view() tableView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return tableView{s.completeUntil, s.progressed, s.paused, s.aside, s.rowsRead}
}
