package task

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kept is how long a task is known after its last decision. The service keeps no alert for longer.
const Kept = 180 * 24 * time.Hour

// Book holds all tasks. It is safe for concurrent use.
type Book struct {
	mu      sync.Mutex // guards everything below
	tasks   map[string]*Task
	changed map[string]struct{}
	// named are the alerts that were named for each execution.
	named map[string]map[string]struct{}
}

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{tasks: map[string]*Task{}, changed: map[string]struct{}{}, named: map[string]map[string]struct{}{}}
}

// Add takes what is told of an execution. An alert that was named before and is not named any more is no task for it. What is
// older than what is known of the execution changes nothing.
func (b *Book) Add(now time.Time, c Correlation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revision(c.Execution) > c.Revision {
		return
	}
	for id := range b.named[c.Execution] {
		if !slices.Contains(c.Alerts, id) && b.tasks[id].withdraw(c.Cause) {
			b.changed[id] = struct{}{}
		}
	}
	for _, id := range c.Alerts {
		t := b.tasks[id]
		if t == nil {
			t = &Task{Alert: id, Since: now}
			b.tasks[id] = t
		}
		if t.support(c.Cause) {
			b.changed[id] = struct{}{}
			b.name(c.Execution, id)
		}
	}
}

// name notes that an alert was named for an execution. The caller holds b.mu.
func (b *Book) name(execution, alert string) {
	if b.named[execution] == nil {
		b.named[execution] = map[string]struct{}{}
	}
	b.named[execution][alert] = struct{}{}
}

// revision is the newest that is known of an execution. The caller holds b.mu.
func (b *Book) revision(execution string) int64 {
	newest := int64(-1)
	for id := range b.named[execution] {
		for _, c := range b.tasks[id].Causes {
			if c.Execution == execution {
				newest = max(newest, c.Revision)
			}
		}
	}
	return newest
}

// support adds a cause, or notes its newer revision.
func (t *Task) support(c Cause) bool {
	i := slices.IndexFunc(t.Causes, func(known Cause) bool { return known.Execution == c.Execution })
	switch {
	case i < 0:
		t.Causes = append(t.Causes, c)
	case t.Causes[i] != c:
		t.Causes[i] = c
	default:
		return false
	}
	return true
}

// withdraw withdraws a cause.
func (t *Task) withdraw(c Cause) bool {
	i := slices.IndexFunc(t.Causes, func(known Cause) bool { return known.Execution == c.Execution })
	if i < 0 || t.Causes[i].Withdrawn {
		return false
	}
	t.Causes[i].Withdrawn, t.Causes[i].Revision = true, c.Revision
	return true
}

// Next are the tasks that wait for a decision in a mode, at most so many: those with the fewest tries first, then the oldest.
func (b *Book) Next(mode Mode, most int) []Task {
	b.mu.Lock()
	defer b.mu.Unlock()
	var waiting []*Task
	for _, t := range b.tasks {
		if t.waits(mode) {
			waiting = append(waiting, t)
		}
	}
	slices.SortFunc(waiting, func(x, y *Task) int {
		return cmp.Or(cmp.Compare(x.Tries, y.Tries), x.Since.Compare(y.Since), strings.Compare(x.Alert, y.Alert))
	})
	next := make([]Task, 0, min(most, len(waiting)))
	for _, t := range waiting[:min(most, len(waiting))] {
		next = append(next, t.clone())
	}
	return next
}

// Waiting is how many tasks wait for a decision in a mode.
func (b *Book) Waiting(mode Mode) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, t := range b.tasks {
		if t.waits(mode) {
			n++
		}
	}
	return n
}

// Begin notes whether an alert is about to be resolved.
func (b *Book) Begin(id string, begun bool) { b.change(id, func(t *Task) { t.Begun = begun }) }

// Failed notes a try that has led to no decision.
func (b *Book) Failed(id string) { b.change(id, func(t *Task) { t.Tries++ }) }

// Decide notes a decision.
func (b *Book) Decide(id string, mode Mode, r Receipt) {
	b.change(id, func(t *Task) {
		if t.Receipts == nil {
			t.Receipts = map[Mode]*Receipt{}
		}
		t.Receipts[mode], t.Tries = &r, 0
	})
}

func (b *Book) change(id string, change func(*Task)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.tasks[id]; t != nil {
		change(t)
		b.changed[id] = struct{}{}
	}
}

// Unsent is a receipt that the next consumer has not taken.
type Unsent struct {
	Task    Task
	Mode    Mode
	Receipt Receipt
}

// Unsent are the receipts that are to be handed on, in the order of their times.
func (b *Book) Unsent() []Unsent {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Unsent
	for _, t := range b.tasks {
		for mode, r := range t.Receipts {
			if !r.Sent {
				all = append(all, Unsent{t.clone(), mode, *r})
			}
		}
	}
	slices.SortFunc(all, func(x, y Unsent) int {
		return cmp.Or(x.Receipt.At.Compare(y.Receipt.At), strings.Compare(x.Task.Alert, y.Task.Alert), strings.Compare(string(x.Mode), string(y.Mode)))
	})
	return all
}

// Sent notes which receipts were taken.
func (b *Book) Sent(all []Unsent) {
	for _, u := range all {
		b.change(u.Task.Alert, func(t *Task) {
			if r := t.Receipts[u.Mode]; r != nil {
				r.Sent = true
			}
		})
	}
}

// Forget drops what is older than any alert.
func (b *Book) Forget(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, t := range b.tasks {
		if now.Sub(t.last()) > Kept {
			delete(b.tasks, id)
			b.changed[id] = struct{}{}
			for _, c := range t.Causes {
				delete(b.named[c.Execution], id)
				if len(b.named[c.Execution]) == 0 {
					delete(b.named, c.Execution)
				}
			}
		}
	}
}

// Changed are the alerts whose stored form is another. They count as stored from now on.
func (b *Book) Changed() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for id := range b.changed {
		ids = append(ids, id)
	}
	clear(b.changed)
	return ids
}

// NotStored says that changes could not be stored.
func (b *Book) NotStored(ids []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		b.changed[id] = struct{}{}
	}
}

// Select are the tasks that a condition on their alert selects, sorted by it.
func (b *Book) Select(condition func(id string) bool) []Task {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Task
	for id, t := range b.tasks {
		if condition(id) {
			all = append(all, t.clone())
		}
	}
	slices.SortFunc(all, func(x, y Task) int { return strings.Compare(x.Alert, y.Alert) })
	return all
}

// Restore takes tasks as they were stored.
func (b *Book) Restore(all []Task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range all {
		b.tasks[all[i].Alert] = &all[i]
		for _, c := range all[i].Causes {
			b.name(c.Execution, all[i].Alert)
		}
	}
}
