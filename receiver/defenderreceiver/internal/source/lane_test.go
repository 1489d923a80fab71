package source

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

var (
	_ reader.Lane = LiveLane{}
	_ reader.Lane = LiveAlerts{}
	_ reader.Lane = HistoryLane{}
	_ reader.Lane = PeriodLane{}

	_ Source = (*Live)(nil)
	_ Source = (*History)(nil)
	_ Source = (*Directory)(nil)
	_ Source = (*Period)(nil)
	_ Source = (*Users)(nil)
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestWhatIsReadAgain(t *testing.T) {
	live := LiveLane{Again: 2 * time.Hour}
	alerts := NewLiveAlerts(live)
	for name, c := range map[string]struct {
		lane             reader.Lane
		arrival, byEvent time.Duration
		passesOver       bool
	}{
		"live":    {live, 0, 2 * time.Hour, true},
		"alerts":  {alerts, 0, 24 * time.Hour, false},
		"history": {HistoryLane{}, 0, 0, true},
		"period":  {PeriodLane{}, 0, 0, true},
	} {
		assert.Equal(t, c.arrival, c.lane.Overlap(query.Arrival), name)
		assert.Equal(t, c.byEvent, c.lane.Overlap(query.EventTime), name)
		assert.Equal(t, c.passesOver, c.lane.PassesOver(), name)
	}
	assert.Equal(t, 2*time.Hour+emptyProbe, live.Reach())
	assert.Equal(t, minReach+emptyProbe, LiveLane{Again: time.Minute}.Reach())
	assert.Equal(t, 24*time.Hour, alerts.Reach())
	assert.Equal(t, 48*time.Hour, NewLiveAlerts(LiveLane{Again: 48 * time.Hour}).Reach())
}

// The ledger is kept for the audit, for another time basis, and in history for what is counted again.
func TestFromWhenTheLedgerIsNeeded(t *testing.T) {
	has := ledger.Begin(nil, "", "", "", noon)
	assert.Equal(t, noon.Add(-24*time.Hour), LiveLane{Again: time.Hour, Audited: 24 * time.Hour}.Needed(has))
	assert.Equal(t, noon.Add(-time.Hour-emptyProbe), LiveLane{Again: time.Hour}.Needed(has))
	assert.Equal(t, noon.Add(-24*time.Hour), NewLiveAlerts(LiveLane{Audited: 3 * time.Hour}).Needed(has))

	past := ledger.BeginHistory(nil, "", "", "", ledger.LiveStart{At: noon})
	past.History().BeginSpan(noon.Add(-2*time.Hour), noon, time.Time{})
	assert.Equal(t, noon.Add(-6*time.Hour), HistoryLane{Audited: 6 * time.Hour}.Needed(past))
	assert.Equal(t, noon.Add(-2*time.Hour), HistoryLane{Audited: time.Hour}.Needed(past))
	past.History().EndRecount()
	assert.Equal(t, past.History().State().Span.From, HistoryLane{Audited: 6 * time.Hour}.Needed(past), "it was counted again")
}

// A live audit replaces the one before it; an audit of a day of history says nothing of other days.
func TestWhatAnAuditReplaces(t *testing.T) {
	assert.True(t, LiveLane{}.Replaces(10, 20)(5))
	past := HistoryLane{}.Replaces(10, 20)
	assert.Equal(t, []bool{false, true, true, false}, []bool{past(9), past(10), past(20), past(21)})
}
