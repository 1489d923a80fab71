package book

import (
	"encoding/json"
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
)

// storedRun is the stored form of an execution.
type storedRun struct {
	execution.Execution
	Told     uint64 `json:"told,omitempty"`
	Revision int    `json:"revision,omitempty"`
}

// Changes are what is to be stored: entries, and keys that are forgotten. They count as stored from now on.
func (b *Book) Changes() (entries []Entry, gone []Key, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key := range b.changed {
		value, err := b.encode(key)
		if err != nil {
			return nil, nil, fmt.Errorf("encode %s: %w", key.ID, err)
		}
		entries = append(entries, Entry{key, value})
	}
	for key := range b.gone {
		gone = append(gone, key)
	}
	clear(b.changed)
	clear(b.gone)
	return entries, gone, nil
}

func (b *Book) encode(key Key) (json.RawMessage, error) {
	if key.Kind == Alerts {
		return json.Marshal(b.alerts[key.ID])
	}
	r := b.runs[key.ID]
	return json.Marshal(storedRun{r.Execution, r.told, r.revision})
}

// NotStored says that changes could not be stored. What is not forgotten meanwhile has changed still.
func (b *Book) NotStored(entries []Entry, gone []Key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range entries {
		if b.has(e.Key) {
			b.changed[e.Key] = struct{}{}
		}
	}
	for _, key := range gone {
		if !b.has(key) {
			b.gone[key] = struct{}{}
		}
	}
}

func (b *Book) has(key Key) bool {
	if key.Kind == Alerts {
		return b.alerts[key.ID] != nil
	}
	return b.runs[key.ID] != nil
}

// Restore takes an entry as it was stored, in the place of what is known of it.
func (b *Book) Restore(e Entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stale = true
	switch e.Kind {
	case Executions:
		var s storedRun
		if err := json.Unmarshal(e.Value, &s); err != nil {
			return fmt.Errorf("decode the execution %s: %w", e.ID, err)
		}
		b.runs[e.ID] = &run{Execution: s.Execution, told: s.Told, revision: s.Revision}
	case Alerts:
		a := new(alert.Alert)
		if err := json.Unmarshal(e.Value, a); err != nil {
			return fmt.Errorf("decode the alert %s: %w", e.ID, err)
		}
		b.alerts[e.ID] = a
	default:
		return fmt.Errorf("an entry of the unknown kind %q", e.Kind)
	}
	return nil
}
