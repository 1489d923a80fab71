package book

import "encoding/json"

// Kind is what an entry is about.
type Kind byte

// The kinds.
const (
	Executions Kind = 'e'
	Alerts     Kind = 'a'
)

// Key names an execution or an alert.
type Key struct {
	Kind Kind
	ID   string
}

// Entry is an execution or an alert as it is stored.
type Entry struct {
	Key
	Value json.RawMessage
}
