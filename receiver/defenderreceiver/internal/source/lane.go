package source

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

const (
	// alertOverlap is the least overlap of Alerts along event time: an alert's Timestamp is that of the
	// activity, and its rows come when it is raised.
	alertOverlap = 24 * time.Hour
	// minReach is the least reach, whatever the overlap.
	minReach = time.Hour
)

// LiveLane is what is particular to reading new rows.
type LiveLane struct {
	// Again is how much of the past each poll along event time reads again.
	Again time.Duration
	// Audited is how much of the past is audited.
	Audited time.Duration
}

// Overlap is what is read again. Along arrival a late row comes at the end.
func (l LiveLane) Overlap(basis query.TimeBasis) time.Duration {
	if basis == query.Arrival {
		return 0
	}
	return l.Again
}

// Needed is from when on the ledger is needed: for the audit, and for reading along another time basis.
func (l LiveLane) Needed(has *ledger.Ledger) time.Time {
	return has.CompleteUntil().Add(-max(l.Audited, l.Reach()))
}

// Reach is how far behind its cursor a table goes on along another time basis: a row that lies before the
// cursor on one basis may lie behind it on the other.
func (l LiveLane) Reach() time.Duration { return max(l.Again, minReach) + emptyProbe }

// PassesOver is true: what is new has been read, or was passed over before.
func (LiveLane) PassesOver() bool { return true }

// Replaces is true of all bins: an audit replaces the one before it.
func (LiveLane) Replaces(_, _ ledger.Bin) func(ledger.Bin) bool {
	return func(ledger.Bin) bool { return true }
}

// LiveAlerts is what is particular to reading new alerts.
type LiveAlerts struct{ LiveLane }

// NewLiveAlerts makes the live lane of Alerts.
func NewLiveAlerts(l LiveLane) LiveAlerts {
	l.Again = max(l.Again, alertOverlap)
	return LiveAlerts{l}
}

// Reach is how far behind its cursor the table goes on along another time basis.
func (l LiveAlerts) Reach() time.Duration { return l.Again }

// Needed is from when on the ledger is needed.
func (l LiveAlerts) Needed(has *ledger.Ledger) time.Time {
	return has.CompleteUntil().Add(-max(l.Audited, l.Reach()))
}

// PassesOver is false: alerts are read again by long ranges, which hold new alerts too.
func (LiveAlerts) PassesOver() bool { return false }

// HistoryLane is what is particular to reading history.
type HistoryLane struct {
	// Audited is how much of the time before the live lane's start is counted again later on.
	Audited time.Duration
}

// Overlap is nothing: history is read once.
func (HistoryLane) Overlap(query.TimeBasis) time.Duration { return 0 }

// Needed is from when on the ledger is needed: for the span that is read, and for counting again.
func (l HistoryLane) Needed(has *ledger.Ledger) time.Time {
	h := has.History().State()
	from := h.Span.From
	if again := h.LiveStart.At.Add(-l.Audited); !h.Recounted && again.Before(from) {
		from = again
	}
	return from
}

// PassesOver is true: nothing new lies in history.
func (HistoryLane) PassesOver() bool { return true }

// Replaces is true of the bins of the window: history is audited in days, of which each speaks for itself.
func (HistoryLane) Replaces(from, to ledger.Bin) func(ledger.Bin) bool {
	return func(bin ledger.Bin) bool { return from <= bin && bin <= to }
}
