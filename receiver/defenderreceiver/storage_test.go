package defenderreceiver

import (
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-defender/otelcol-defender/internal/storagetest"
)

// storageID names the storage.
var storageID = component.MustNewIDWithName("memory", "cursors")

type storageHost struct {
	component.Host
	storage *storagetest.Memory
	status  *statusLog
}

var _ componentstatus.Reporter = storageHost{}

func (h storageHost) Report(event *componentstatus.Event) { h.status.add(event) }

// statusLog is what the receiver reported of its health.
type statusLog struct {
	mu     sync.Mutex // guards everything below
	events []*componentstatus.Event
	texts  []string // of the events' errors, as they were reported
}

func (l *statusLog) add(event *componentstatus.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
	text := ""
	if event.Err() != nil {
		text = event.Err().Error()
	}
	l.texts = append(l.texts, text)
}

// times is how often a recoverable error with this text was reported, or is what the newest one says now.
func (l *statusLog) times(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for i, e := range l.events {
		if e.Status() != componentstatus.StatusRecoverableError {
			continue
		}
		if strings.Contains(l.texts[i], text) || i == len(l.events)-1 && strings.Contains(e.Err().Error(), text) {
			n++
		}
	}
	return n
}

func (l *statusLog) has(text string) bool { return l.times(text) > 0 }

// notes reports whether a status with this text among its attributes was reported.
func (l *statusLog) notes(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.events, func(e *componentstatus.Event) bool {
		for _, value := range e.Attributes().All() {
			if strings.Contains(value.AsString(), text) {
				return true
			}
		}
		return false
	})
}

// ok reports whether the newest event says that all is well, as it is when nothing was reported.
func (l *statusLog) ok() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events) == 0 || l.events[len(l.events)-1].Status() == componentstatus.StatusOK
}

func (h storageHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{storageID: h.storage}
}

// storagelessHost has no extensions.
type storagelessHost struct{ component.Host }

func (storagelessHost) GetExtensions() map[component.ID]component.Component { return nil }
