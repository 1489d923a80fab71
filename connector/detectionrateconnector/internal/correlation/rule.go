package correlation

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
)

// Tier is how an alert belongs to an execution. Stronger tiers are greater.
type Tier uint8

// The tiers.
const (
	None Tier = iota
	Technique
	TechniqueHost
	Evidence
)

// String is the tier as records have it.
func (t Tier) String() string { return []string{"", "technique", "technique_host", "evidence"}[t] }

// Attribution is what the evidence points to. Stronger ones are greater.
type Attribution uint8

// The attributions: nothing, some part of a bundle, or this execution's test and no other.
const (
	Unattributed Attribution = iota
	Bundle
	Stage
)

// String is the attribution as records have it.
func (a Attribution) String() string { return []string{"", "bundle", "stage"}[a] }

// Rule says when an alert belongs to an execution.
type Rule struct {
	// Match is the weakest tier by which a technique counts as detected.
	Match  Tier
	Window time.Duration
	Rollup bool
	Hours  bool
	// Before and After bound evidence.
	Before, After time.Duration
}

// cut is a time as techniques compare it.
func (r Rule) cut(at int64) int64 {
	if r.Hours {
		return at - at%int64(time.Hour) // no time is before 1970
	}
	return at
}

// near reports whether an alert was created in the window around a completion.
func (r Rule) near(completed, created int64) bool {
	apart := r.cut(created) - r.cut(completed)
	return -int64(r.Window) <= apart && apart <= int64(r.Window)
}

// Reach is how much earlier than an execution an alert may be that belongs to it.
func (r Rule) Reach() time.Duration {
	reach := r.Window
	if r.Hours {
		reach += time.Hour
	}
	return max(reach, r.Before)
}

// wanted are the techniques of an alert that detect one of an execution.
func (r Rule) wanted(technique string) []string {
	if parent, _, isSub := strings.Cut(technique, "."); isSub && r.Rollup {
		return []string{technique, parent}
	}
	return []string{technique}
}

// sameHost reports whether two names are of one host: they are equal, or one is the other without its domain.
func sameHost(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return a != "" && (a == b || strings.HasPrefix(a, b+".") && b != "" || strings.HasPrefix(b, a+"."))
}

func onHost(a *alert.Alert, host string) bool {
	return slices.ContainsFunc(a.Hosts, func(name alert.Word) bool { return sameHost(name.Value(), host) })
}

// detects are the techniques of an execution that an alert on its host detects, by their number.
func (r Rule) detects(e *execution.Execution, a *alert.Alert) uint64 {
	var hits uint64
	if !r.near(e.Completed.UnixNano(), a.Created()) {
		return 0
	}
	for i, technique := range e.Techniques {
		wanted := r.wanted(technique)
		if slices.ContainsFunc(a.Techniques, func(w alert.Word) bool { return slices.Contains(wanted, w.Value()) }) {
			hits |= 1 << i
		}
	}
	return hits
}

// evidence is what an alert on an execution's host points to by its files. Only a test that ran as it was meant to has
// evidence.
func (r Rule) evidence(e *execution.Execution, a *alert.Alert) Attribution {
	if !e.Conclusive() || !r.timely(e.Completed.UnixNano(), a) {
		return Unattributed
	}
	found := max(declared(e.Hashes, a.Hashes), declared(e.Binaries, a.Names))
	for _, id := range []string{strings.ToLower(e.Test), strings.ToLower(e.Bundle)} {
		if !alert.IsUUID(id) || found == Stage {
			continue
		}
		for _, name := range a.Names {
			found = max(found, named(name.Value(), id, strings.ToLower(e.Control)))
		}
		for _, test := range a.Tests {
			if test.Value() == id {
				found = max(found, Bundle)
			}
		}
	}
	return found
}

// timely reports whether an alert was created or updated around a completion.
func (r Rule) timely(completed int64, a *alert.Alert) bool {
	return slices.ContainsFunc(a.Times(), func(at int64) bool {
		return completed-int64(r.Before) <= at && at <= completed+int64(r.After)
	})
}

// declared compares what an execution says that it runs with what an alert has seen.
func declared(texts []string, seen alert.Words) Attribution {
	for _, word := range seen {
		if _, found := slices.BinarySearch(texts, word.Value()); found {
			return Stage
		}
	}
	return Unattributed
}

// named is what the name of a file says. Tests name their files <uuid>.exe, <uuid>-<control>.exe or
// <uuid>-<technique>.exe. A test that is no part of a bundle is all that its UUID stands for.
func named(name, id, control string) Attribution {
	rest, ok := strings.CutPrefix(name, id)
	switch {
	case !ok:
		return Unattributed
	case control == "":
		return Stage
	}
	if rest, ok = strings.CutPrefix(rest, "-"+control); ok && (strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, ".")) {
		return Stage
	}
	return Bundle
}
