package collector

import (
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component/componentstatus"
)

// Status is what a component has reported of its health.
type Status struct {
	mu     sync.Mutex // guards everything below
	events []*componentstatus.Event
	texts  []string // of the events' errors, as they were reported
}

func (s *Status) add(event *componentstatus.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event)
	text := ""
	if event.Err() != nil {
		text = event.Err().Error()
	}
	s.texts = append(s.texts, text)
}

// Times is how often a recoverable error with this text was reported, or is what the newest one says now.
func (s *Status) Times(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for i, e := range s.events {
		if e.Status() != componentstatus.StatusRecoverableError {
			continue
		}
		if strings.Contains(s.texts[i], text) || i == len(s.events)-1 && strings.Contains(e.Err().Error(), text) {
			n++
		}
	}
	return n
}

// Has reports whether a recoverable error with this text was reported.
func (s *Status) Has(text string) bool { return s.Times(text) > 0 }

// Notes reports whether a status with this text among its attributes was reported.
func (s *Status) Notes(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.events, func(e *componentstatus.Event) bool {
		for _, value := range e.Attributes().All() {
			if strings.Contains(value.AsString(), text) {
				return true
			}
		}
		return false
	})
}

// OK reports whether the newest event says that all is well, as it is when nothing was reported.
func (s *Status) OK() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events) == 0 || s.events[len(s.events)-1].Status() == componentstatus.StatusOK
}
