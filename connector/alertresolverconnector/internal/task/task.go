package task

import (
	"slices"
	"time"
)

// Mode is what a decision is worth.
type Mode string

// The modes in which decisions are made.
const (
	DryRun  Mode = "dry_run"
	Enabled Mode = "enabled"
)

// Result is what was decided.
type Result string

// The results.
const (
	Resolved     Result = "resolved"
	WouldResolve Result = "would_resolve"
	LeftAlone    Result = "left_alone"
	NotFound     Result = "not_found"
)

// Receipt is a decision.
type Receipt struct {
	Result       Result    `json:"result"`
	At           time.Time `json:"at"`
	StatusBefore string    `json:"status_before,omitempty"`
	// Reason says why an alert was left alone, Error why the comment is missing.
	Reason string `json:"reason,omitempty"`
	Error  string `json:"error,omitempty"`
	// Sent: the next consumer has taken the record.
	Sent bool `json:"sent,omitempty"`
}

// Cause is an execution that has raised an alert.
type Cause struct {
	Execution string `json:"execution"`
	Test      string `json:"test,omitempty"`
	Revision  int64  `json:"revision,omitempty"`
	// Withdrawn: a correction does not name the alert any more.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// Task is an alert. Its stored form is its JSON.
type Task struct {
	Alert string `json:"alert"`
	// Causes are the executions, the one that was told first in front. When all are withdrawn, nothing is done any more.
	Causes []Cause   `json:"causes,omitempty"`
	Since  time.Time `json:"since"`
	// Begun: it was about to be resolved.
	Begun    bool              `json:"begun,omitempty"`
	Tries    int               `json:"tries,omitempty"` // without a decision
	Receipts map[Mode]*Receipt `json:"receipts,omitempty"`
}

// waits reports whether a decision in a mode is missing. What enabled has decided is not asked again by dry_run.
func (t *Task) waits(mode Mode) bool {
	return t.Cause() != (Cause{}) && t.Receipts[mode] == nil && t.Receipts[Enabled] == nil
}

// Cause is the first that is not withdrawn.
func (t *Task) Cause() Cause {
	for _, c := range t.Causes {
		if !c.Withdrawn {
			return c
		}
	}
	return Cause{}
}

// last is the time of what happened last.
func (t *Task) last() time.Time {
	at := t.Since
	for _, r := range t.Receipts {
		if r.At.After(at) {
			at = r.At
		}
	}
	return at
}

// clone is a copy that shares nothing.
func (t *Task) clone() Task {
	c := *t
	c.Causes = slices.Clone(t.Causes)
	c.Receipts = make(map[Mode]*Receipt, len(t.Receipts))
	for mode, r := range t.Receipts {
		copied := *r
		c.Receipts[mode] = &copied
	}
	return c
}
