// Package selection decides which records a version of an alert gives.
package selection

import (
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/emitted"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/indicator"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/record"
)

// Candidates are what an alert has records for, by what was handed on of it before.
type Candidates func(alert.Alert, *emitted.Draft) []indicator.Indicator

// Rule says which records an alert gives.
type Rule struct {
	Candidates Candidates
	// Repeat gives the records that were handed on before again.
	Repeat bool
	// Most is how many records an alert may have over all its versions.
	Most int
}

// Choice is what a version of an alert gives.
type Choice struct {
	Records []record.Facts
	// Repeated is how many of the records were handed on before.
	Repeated int
	// Beyond is how many there is no room for.
	Beyond int
}

// Of chooses, and notes new records in the draft.
func (r Rule) Of(a alert.Alert, draft *emitted.Draft) Choice {
	var c Choice
	for _, candidate := range r.Candidates(a, draft) {
		part, known := draft.Number(candidate.ID)
		switch {
		case known && !r.Repeat:
			continue
		case known:
			c.Repeated++
		case draft.Len() >= r.Most:
			c.Beyond++
			continue
		default:
			part = draft.Add(candidate.ID)
		}
		c.Records = append(c.Records, record.FactsOf(a, candidate.Evidence, candidate.ID, part))
	}
	return c
}

// PerIOC has a record for each indicator of the kinds.
func PerIOC(kinds indicator.Kinds) Candidates {
	return func(a alert.Alert, draft *emitted.Draft) []indicator.Indicator {
		return orNone(kinds.Of(a), draft)
	}
}

// PerEvidence has a record for each evidence.
func PerEvidence(a alert.Alert, draft *emitted.Draft) []indicator.Indicator {
	return orNone(indicator.Each(a), draft)
}

// PerAlert has one record, which is about the first indicator. It keeps the id with which it was handed on first,
// whatever the alert has later.
func PerAlert(kinds indicator.Kinds) Candidates {
	return func(a alert.Alert, draft *emitted.Draft) []indicator.Indicator {
		found := append(kinds.Of(a), indicator.None)
		first, handedOn := draft.First()
		if !handedOn {
			return found[:1]
		}
		for _, i := range found {
			if i.ID == first {
				return []indicator.Indicator{i}
			}
		}
		return []indicator.Indicator{{Evidence: found[0].Evidence, ID: first}}
	}
}

// orNone gives an alert without indicators a record, as long as it is the alert's only one.
func orNone(found []indicator.Indicator, draft *emitted.Draft) []indicator.Indicator {
	if len(found) > 0 {
		return found
	}
	if first, handedOn := draft.First(); handedOn && first != indicator.None.ID {
		return nil
	}
	return []indicator.Indicator{indicator.None}
}
