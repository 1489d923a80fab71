package book

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/correlation"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
)

// Correlation is what is told of an execution.
type Correlation struct {
	Execution execution.Execution
	Detected  []string
	Tier      correlation.Tier
	// Attribution is of evidence only.
	Attribution correlation.Attribution
	Alerts      []correlation.Match
	// Total is how many alerts there are, Alerts names some of them.
	Total int
	// Settled: no late alert is waited for. Excluded: the execution is left out by now.
	Settled, Excluded bool
	// Revision is 1 when an execution is told for the first time. State stands for what is told.
	Revision int
	State    uint64
}

// Due are the ids of the executions that are to be told, the one completed first in front.
func (b *Book) Due(now time.Time) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refresh()
	var due []*run
	for _, r := range b.runs {
		if b.isDue(now, r) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(x, y *run) int {
		return cmp.Or(x.Completed.Compare(y.Completed), strings.Compare(x.ID, y.ID))
	})
	ids := make([]string, len(due))
	for i, r := range due {
		ids[i] = r.ID
	}
	return ids
}

func (b *Book) isDue(now time.Time, r *run) bool {
	switch {
	case r.state == r.told, b.settings.outdatedExecution(now, &r.Execution):
		return false
	case r.told != 0:
		return true
	case b.settings.excluded(&r.Execution):
		return false
	default:
		return r.outcome.Correlated() || r.outcome.Tier == correlation.Evidence || b.settings.settled(now, &r.Execution)
	}
}

// Correlations are what is told of executions that are due still. What has come since Due was asked is left for the next time.
func (b *Book) Correlations(now time.Time, ids []string) []Correlation {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Correlation
	for _, id := range ids {
		if r := b.runs[id]; r != nil && b.isDue(now, r) {
			all = append(all, b.correlation(now, r))
		}
	}
	return all
}

func (b *Book) correlation(now time.Time, r *run) Correlation {
	c := Correlation{
		Execution: r.Execution, Detected: r.outcome.DetectedOf(&r.Execution), Tier: r.outcome.Tier, Attribution: r.outcome.Attribution,
		Settled: b.settings.settled(now, &r.Execution), Excluded: b.settings.excluded(&r.Execution), Revision: r.revision + 1, State: r.state,
	}
	if !c.Excluded {
		c.Alerts, c.Total = b.index.Matches(&r.Execution)
	}
	return c
}

// Told notes what was told.
func (b *Book) Told(all []Correlation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range all {
		if r := b.runs[c.Execution.ID]; r != nil {
			r.told, r.revision = c.State, c.Revision
			b.changed[Key{Executions, r.ID}] = struct{}{}
		}
	}
}
