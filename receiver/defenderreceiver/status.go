package defenderreceiver

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// status reports the receiver's health: OK while no table is in trouble, else recoverable. A
// permanent error is never reported, because the state machine has no way back from it, and all that
// can happen while polling can heal.
type status struct {
	host component.Host

	// mu guards everything below.
	mu      sync.Mutex
	trouble map[string]error
	notes   map[string]string
}

func newStatus(host component.Host) *status {
	return &status{host: host, trouble: map[string]error{}, notes: map[string]string{}}
}

// set takes a table's trouble; nil means that it has none.
func (s *status) set(table string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		delete(s.trouble, table)
	} else {
		s.trouble[table] = err
	}
	s.report()
}

// note sets an attribute of the status, which is no trouble; an empty one removes it.
func (s *status) note(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" {
		delete(s.notes, name)
	} else {
		s.notes[name] = text
	}
	s.report()
}

// report gives the status to the host. mu is held.
func (s *status) report() {
	attributes := pcommon.NewMap()
	for name, text := range s.notes {
		attributes.PutStr(name, text)
	}
	with := componentstatus.WithAttributes(attributes)
	switch {
	case len(s.trouble) > 0:
		var all []error
		for _, name := range slices.Sorted(maps.Keys(s.trouble)) {
			all = append(all, tableError{name, s.trouble[name]})
		}
		componentstatus.ReportStatus(s.host, componentstatus.NewEvent(componentstatus.StatusRecoverableError,
			componentstatus.WithError(errors.Join(all...)), with))
	default:
		componentstatus.ReportStatus(s.host, componentstatus.NewEvent(componentstatus.StatusOK, with))
	}
}

// tableError says which table an error is of.
type tableError struct {
	table string
	err   error
}

func (e tableError) Error() string { return e.table + ": " + e.err.Error() }
func (e tableError) Unwrap() error { return e.err }
