package book

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/correlation"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
)

// Settings are what the book decides by.
type Settings struct {
	Rule correlation.Rule
	// Lookback is how long an execution is known, Settle how long it waits for late alerts.
	Lookback, Settle time.Duration
	// Categories and Outcomes are those of executions that are not counted.
	Categories, Outcomes []string
	// MaxExecutions and MaxAlerts bound what is known. The oldest ones are forgotten first.
	MaxExecutions, MaxAlerts int
}

func (s Settings) outdatedExecution(now time.Time, e *execution.Execution) bool {
	return e.Completed.Before(now.Add(-s.Lookback))
}

func (s Settings) outdatedAlert(now time.Time, a *alert.Alert) bool {
	return a.Last() < now.Add(-s.Lookback-s.Rule.Reach()).UnixNano()
}

// excluded reports whether an execution is left out.
func (s Settings) excluded(e *execution.Execution) bool {
	return containsFold(s.Categories, e.Category) || containsFold(s.Outcomes, string(e.Outcome))
}

func containsFold(all []string, one string) bool {
	return slices.ContainsFunc(all, func(s string) bool { return strings.EqualFold(s, one) })
}

func (s Settings) settled(now time.Time, e *execution.Execution) bool {
	return !now.Before(e.Completed.Add(s.Settle))
}

// Book is all that is known. It is safe for concurrent use.
type Book struct {
	settings Settings

	mu     sync.Mutex // guards everything below
	runs   map[string]*run
	alerts map[string]*alert.Alert
	// index is of the alerts; stale: something has come since it was made, and since the outcomes were.
	index *correlation.Index
	stale bool
	// changed are those whose stored form is another; gone are those that are stored and forgotten.
	changed, gone map[Key]struct{}
}

// New returns an empty book.
func New(s Settings) *Book {
	return &Book{
		settings: s, runs: map[string]*run{}, alerts: map[string]*alert.Alert{}, stale: true,
		changed: map[Key]struct{}{}, gone: map[Key]struct{}{},
	}
}

// Result is what became of something that came.
type Result uint8

// The results.
const (
	First    Result = iota // nothing was known of it
	Changed                // it says more than was known, or something else
	Known                  // it says nothing new
	Outdated               // it is older than the lookback
)

// PutExecution takes a version of an execution.
func (b *Book) PutExecution(now time.Time, e execution.Execution) Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.settings.outdatedExecution(now, &e) {
		return Outdated
	}
	known, ok := b.runs[e.ID]
	if ok && !e.Newer(&known.Execution) {
		return Known
	}
	key := Key{Executions, e.ID}
	b.stale, b.changed[key] = true, struct{}{}
	delete(b.gone, key)
	if ok {
		known.Execution, known.outcome, known.state = e, correlation.Outcome{}, known.told
		return Changed
	}
	b.runs[e.ID] = &run{Execution: e}
	b.bound(b.settings.MaxExecutions+b.settings.MaxExecutions/10, b.settings.MaxAlerts+b.settings.MaxAlerts/10)
	return First
}

// PutAlert takes a version of an alert, or an item of its evidence.
func (b *Book) PutAlert(now time.Time, a alert.Alert) Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.settings.outdatedAlert(now, &a) {
		return Outdated
	}
	key := Key{Alerts, a.ID}
	known, ok := b.alerts[a.ID]
	if ok && !known.Merge(a) {
		return Known
	}
	b.stale, b.changed[key] = true, struct{}{}
	delete(b.gone, key)
	if ok {
		return Changed
	}
	b.alerts[a.ID] = &a
	b.bound(b.settings.MaxExecutions+b.settings.MaxExecutions/10, b.settings.MaxAlerts+b.settings.MaxAlerts/10)
	return First
}

// Forget drops what is older than the lookback, and what is too much. It returns how much was too much. What is too old has no
// part in the outcome of what stays.
func (b *Book) Forget(now time.Time) (executions, alerts int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, r := range b.runs {
		if b.settings.outdatedExecution(now, &r.Execution) {
			b.dropRun(id)
		}
	}
	for id, a := range b.alerts {
		if b.settings.outdatedAlert(now, a) {
			b.dropAlert(id)
		}
	}
	executions, alerts = max(0, len(b.runs)-b.settings.MaxExecutions), max(0, len(b.alerts)-b.settings.MaxAlerts)
	b.bound(b.settings.MaxExecutions, b.settings.MaxAlerts)
	return executions, alerts
}

// bound drops the oldest of what is above a limit, until there is no more than the settings allow. The caller holds b.mu.
func (b *Book) bound(executions, alerts int) {
	if len(b.runs) > executions {
		ids := slices.SortedFunc(maps.Keys(b.runs), func(x, y string) int {
			return cmp.Or(b.runs[x].Completed.Compare(b.runs[y].Completed), strings.Compare(x, y))
		})
		for _, id := range ids[:len(ids)-b.settings.MaxExecutions] {
			b.dropRun(id)
		}
	}
	if len(b.alerts) > alerts {
		ids := slices.SortedFunc(maps.Keys(b.alerts), func(x, y string) int {
			return cmp.Or(cmp.Compare(b.alerts[x].Last(), b.alerts[y].Last()), strings.Compare(x, y))
		})
		for _, id := range ids[:len(ids)-b.settings.MaxAlerts] {
			b.dropAlert(id)
		}
		b.stale = true
	}
}

func (b *Book) dropRun(id string) {
	delete(b.runs, id)
	b.dropped(Key{Executions, id})
}

func (b *Book) dropAlert(id string) {
	delete(b.alerts, id)
	b.dropped(Key{Alerts, id})
}

func (b *Book) dropped(key Key) {
	delete(b.changed, key)
	b.gone[key] = struct{}{}
}

// Len is how many executions and alerts are known.
func (b *Book) Len() (executions, alerts int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.runs), len(b.alerts)
}

// refresh compares all executions with all alerts, if something has come. The caller holds b.mu.
func (b *Book) refresh() {
	if !b.stale {
		return
	}
	b.index = correlation.NewIndex(b.settings.Rule, maps.Values(b.alerts))
	for _, r := range b.runs {
		r.outcome = correlation.Outcome{}
		if !b.settings.excluded(&r.Execution) {
			r.outcome = b.index.Evaluate(&r.Execution)
		}
		r.state = stateOf(r, b.settings.excluded(&r.Execution))
		r.outcome.Evidence = nil
	}
	b.stale = false
}
