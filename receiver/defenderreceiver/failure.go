package defenderreceiver

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

var (
	_ source.Source = (*table)(nil)
	_ source.Source = (*backfill)(nil)
	_ source.Source = (*directory)(nil)
)

// recent is how long after its last row a table counts as one that the tenant has.
const recent = 7 * 24 * time.Hour

// Succeeded is called after a poll that succeeded.
func (t *reader) Succeeded() { t.lookForColumns() }

// Situation is what the table knows of what a verdict on a failure depends on.
func (t *reader) Situation() failure.Situation {
	return failure.Situation{ServiceNow: t.serviceNow(), Recent: t.wasThere()}
}

// wasThere reports whether rows of the table were read lately.
func (t *reader) wasThere() bool {
	return t.ledger != nil && t.serviceNow().Sub(t.ledger.CompleteUntil()) <= recent && t.ledger.HasRows()
}

// Furthest changes when a poll comes further than the ones before it. An audit that has counted or read something more
// counts as well.
func (t *auditor) Furthest() time.Time { return t.pollRange.next.Add(time.Duration(t.audits.steps)) }

// AskForLess makes the next range smaller, where failures at one place make its size or its data suspect.
func (t *reader) AskForLess(ctx context.Context, doubt failure.Doubt, err error) bool {
	switch doubt {
	case failure.DoubtSize:
		if t.pollRange.next.Before(t.pollRange.to) {
			t.pages.Doubt(t.pollRange.next, t.pages.Until(t.pollRange.next, t.pollRange.to))
		}
	case failure.DoubtData:
		return t.narrowBroken(ctx, err)
	case failure.NoDoubt:
	}
	return false
}
