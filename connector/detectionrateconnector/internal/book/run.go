package book

import (
	"fmt"
	"hash/fnv"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/correlation"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
)

// run is an execution, what the alerts say of it, and what was told of it.
type run struct {
	execution.Execution
	outcome correlation.Outcome // without the ids of its evidence
	// state stands for all that a record tells but for the list of alerts. It is told until the next refresh, if the execution
	// has changed.
	state uint64
	told  uint64 // the state that was told last; 0: none was
	// revision is how often it was told.
	revision int
}

// stateOf stands for what is told of an execution.
func stateOf(r *run, excluded bool) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%t %q %d %s %s %q", excluded, r.Techniques, r.outcome.Detected, r.outcome.Tier, r.outcome.Attribution, r.outcome.Evidence)
	return h.Sum64() | 1 // never 0
}
