package audit

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// Result is what a complete audit has found of a window of one lane, bin by bin.
type Result struct {
	From, To time.Time
	Bins     map[ledger.Bin]Findings
}

// Outcome is how an audit's attempt ended.
type Outcome string

// The outcomes.
const (
	Complete   Outcome = "complete"
	Incomplete Outcome = "incomplete" // something could not be read again: what is not known is not missing
	Failed     Outcome = "failed"     // the counts could not be had
)

// Outcomes are all of them.
func Outcomes() []Outcome { return []Outcome{Complete, Incomplete, Failed} }
