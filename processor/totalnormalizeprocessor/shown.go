package totalnormalizeprocessor

import (
	"cmp"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/drops"
)

// shown counts records since the start, as the control extension shows them.
type shown struct {
	id    component.ID
	drops *drops.Counter

	mu      sync.Mutex // guards everything below
	records tally
}

var _ control.Processor = (*shown)(nil)

func newShown(id component.ID, dropped *drops.Counter) *shown {
	return &shown{id: id, drops: dropped, records: tally{}}
}

// add adds the counts of a call.
func (s *shown) add(counts tally) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, n := range counts {
		s.records[key] += n
	}
}

// Status implements control.Processor.
func (s *shown) Status() control.ProcessorStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := control.ProcessorStatus{ID: s.id.String(), Records: []control.Count{}}
	for key, n := range s.records {
		status.Records = append(status.Records, control.Count{Table: key.table, Outcome: key.outcome, Reason: key.reason, Records: n})
	}
	slices.SortFunc(status.Records, func(a, b control.Count) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
	})
	return status
}

// Dropped is what the processor dropped of a day's rows, for the report of the day.
func (s *shown) Dropped(day proof.Day) proof.Drops { return s.drops.Dropped(day) }
