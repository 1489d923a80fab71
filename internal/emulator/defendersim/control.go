package defendersim

import (
	"time"
)

// Plant puts rows into a table of the service. Many rows in one call are cheaper than many calls.
// Errors name the row and the column; then none of the rows is planted.
func (s *Server) Plant(table string, planted ...Planted) error {
	return s.database.Plant(table, s.now(), planted...)
}

// Truth returns every row of table, generated and planted, with an ingestion time from `from` to
// `to`, both included; a zero `to` is the emulator's present. Tables that the tenant's plan lacks
// and rows older than the service keeps are included.
func (s *Server) Truth(table string, from, to time.Time) ([]TrueRow, error) {
	if to.IsZero() {
		to = s.now()
	}
	return s.database.Truth(table, from, to)
}

// SetWithoutTables names the tables that the tenant's plan lacks.
func (s *Server) SetWithoutTables(names ...string) error { return s.database.SetWithout(names) }

// SetFaults replaces the faults that strike by rate; without arguments there are none.
func (s *Server) SetFaults(all ...Fault) { s.faults.Set(all) }

// FailNext makes f strike the next n calls that it concerns, whatever its rate.
func (s *Server) FailNext(n int, f Fault) { s.faults.FailNext(n, f) }

// HoldAfter makes queries wait from when so many rows of events have been returned until release is called,
// so that a test can be sure that there is work left. It stands in the place of an earlier one.
func (s *Server) HoldAfter(rows int64) (release func()) { return s.hunting.HoldAfter(rows) }

// SetLegacyRetired switches the legacy API off or on.
func (s *Server) SetLegacyRetired(retired bool) { s.hunting.SetLegacyRetired(retired) }

// Report is what the emulator has seen so far.
func (s *Server) Report() Report { return s.judge.Report(s.hunting.Spent()) }
