package defenderreceiver

import (
	"sync"
	"time"
)

// tableState is what others may see of a table: gauges and status.
type tableState struct {
	// mu guards everything below.
	mu            sync.Mutex
	completeUntil time.Time // zero until it is known where the table begins
	progressed    time.Time // on this machine's clock
	aside         int       // ranges that were set aside
	interval      time.Duration
	rowsRead      int // delivered, duplicate or refused, sooner or later
	backfill      backfillView
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

// unread takes back what was read and has no outcome.
func (s *tableState) unread(rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rowsRead -= rows
}

func (s *tableState) setAside(ranges int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aside = ranges
}

func (s *tableState) setBackfill(b backfillView) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backfill = b
}

func (s *tableState) setInterval(interval time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interval = interval
}

// tableView is a copy of what a tableState holds.
type tableView struct {
	completeUntil, progressed time.Time
	aside, rowsRead           int
	interval                  time.Duration
	backfill                  backfillView
}

func (s *tableState) view() tableView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return tableView{s.completeUntil, s.progressed, s.aside, s.rowsRead, s.interval, s.backfill}
}
