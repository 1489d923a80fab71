package defenderreceiver

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// status reports the receiver's health: OK while no table is in trouble, else recoverable. A
// permanent error is never reported, because the state machine has no way back from it, and all that
// can happen while polling can heal.
type status struct {
	host component.Host

	// mu guards everything below.
	mu      sync.Mutex
	trouble map[string]error
}

func newStatus(host component.Host) *status { return &status{host: host, trouble: map[string]error{}} }

// set takes a table's trouble; nil means that it has none.
func (s *status) set(table string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, had := s.trouble[table]
	if err == nil {
		delete(s.trouble, table)
	} else {
		s.trouble[table] = err
	}
	switch {
	case len(s.trouble) > 0:
		var all []error
		for _, name := range slices.Sorted(maps.Keys(s.trouble)) {
			all = append(all, tableError{name, s.trouble[name]})
		}
		componentstatus.ReportStatus(s.host, componentstatus.NewRecoverableErrorEvent(errors.Join(all...)))
	case had || err == nil:
		componentstatus.ReportStatus(s.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

// tableError says which table an error is of.
type tableError struct {
	table string
	err   error
}

func (e tableError) Error() string { return e.table + ": " + e.err.Error() }
func (e tableError) Unwrap() error { return e.err }
