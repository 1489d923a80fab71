package correlation

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
)

// maxAlerts is how many alerts a correlation names: those by evidence first.
const maxAlerts = 100

// Outcome is what the alerts say of an execution.
type Outcome struct {
	// Detected are the techniques that are, by their number.
	Detected uint64
	// Tier and Attribution are the strongest of all alerts.
	Tier        Tier
	Attribution Attribution
	// Evidence are the ids of the alerts by evidence, sorted.
	Evidence []string
}

// Correlated reports whether a technique was detected.
func (o Outcome) Correlated() bool { return o.Detected != 0 }

// DetectedOf are the names of the detected techniques.
func (o Outcome) DetectedOf(e *execution.Execution) []string {
	var all []string
	for i, technique := range e.Techniques {
		if o.Detected&(1<<i) != 0 {
			all = append(all, technique)
		}
	}
	return all
}

// Evaluate compares an execution with all alerts.
func (x *Index) Evaluate(e *execution.Execution) Outcome {
	var o Outcome
	var anywhere, here uint64
	completed := e.Completed.UnixNano()
	for i, technique := range e.Techniques {
		if x.hasTechnique(technique, completed) {
			anywhere |= 1 << i
		}
	}
	for a := range x.onHost(e.Host, completed) {
		here |= x.rule.detects(e, a)
		if found := x.rule.evidence(e, a); found != Unattributed {
			o.Attribution = max(o.Attribution, found)
			o.Evidence = append(o.Evidence, a.ID)
		}
	}
	slices.Sort(o.Evidence)
	o.Evidence = slices.Compact(o.Evidence)
	o.Tier = tierOf(len(o.Evidence) > 0, here != 0, anywhere != 0)
	o.Detected = x.detected(e, o, here, anywhere)
	return o
}

func tierOf(evidence, here, anywhere bool) Tier {
	switch {
	case evidence:
		return Evidence
	case here:
		return TechniqueHost
	case anywhere:
		return Technique
	default:
		return None
	}
}

// detected are the techniques that count. Evidence is of the whole execution, so of all of its techniques.
func (x *Index) detected(e *execution.Execution, o Outcome, here, anywhere uint64) uint64 {
	switch {
	case x.rule.Match == Technique:
		return anywhere
	case x.rule.Match == TechniqueHost:
		return here
	case len(o.Evidence) > 0:
		return 1<<len(e.Techniques) - 1
	default:
		return 0
	}
}

// Match is an alert that belongs to an execution.
type Match struct {
	AlertID     string
	Tier        Tier
	Attribution Attribution
	// Techniques are those that the alert detects.
	Techniques []string
	// Delay is from the completion to the creation of the alert, and negative if that came first.
	Delay time.Duration
}

// Matches are the alerts that belong to an execution, the strongest first, then those created next to its completion; and how
// many there are of them, of which at most maxAlerts are named.
func (x *Index) Matches(e *execution.Execution) (matches []Match, total int) {
	completed := e.Completed.UnixNano()
	found := map[*alert.Alert]Match{}
	put := func(a *alert.Alert, hits uint64, tier Tier, attribution Attribution) {
		m, ok := found[a]
		if !ok || tier > m.Tier {
			found[a] = Match{
				AlertID: a.ID, Tier: tier, Attribution: attribution, Delay: time.Duration(a.Created() - completed),
				Techniques: Outcome{Detected: hits}.DetectedOf(e),
			}
		}
	}
	for a := range x.onHost(e.Host, completed) {
		hits := x.rule.detects(e, a)
		if attribution := x.rule.evidence(e, a); attribution != Unattributed {
			put(a, hits, Evidence, attribution)
		} else if hits != 0 {
			put(a, hits, TechniqueHost, Unattributed)
		}
	}
	for _, technique := range e.Techniques {
		for a := range x.withTechnique(technique, completed) {
			put(a, x.rule.detects(e, a), Technique, Unattributed)
		}
	}
	for _, m := range found {
		matches = append(matches, m)
	}
	slices.SortFunc(matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Tier, a.Tier), cmp.Compare(b.Attribution, a.Attribution), cmp.Compare(a.Delay.Abs(), b.Delay.Abs()), cmp.Compare(a.AlertID, b.AlertID))
	})
	return matches[:min(len(matches), maxAlerts)], len(matches)
}

// Techniques is how many techniques were detected.
func (o Outcome) Techniques() int { return bits.OnesCount64(o.Detected) }
