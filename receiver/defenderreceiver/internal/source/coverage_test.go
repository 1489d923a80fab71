package source

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

func TestWhatIsLeftOfHistory(t *testing.T) {
	arrival, byEvent := ledger.LiveStart{TimeBasis: "ingestion_time", At: noon}, ledger.LiveStart{TimeBasis: "event_time", At: noon}
	oldest := noon.Add(-72 * time.Hour)
	for name, c := range map[string]struct {
		state   ledger.HistoryState
		audited time.Duration
		done    bool
		again   time.Time
	}{
		"older days":                {ledger.HistoryState{LiveStart: byEvent, Reached: noon}, 0, false, time.Time{}},
		"nothing":                   {ledger.HistoryState{LiveStart: byEvent, Reached: oldest}, 0, true, time.Time{}},
		"a second count":            {ledger.HistoryState{LiveStart: byEvent, Reached: oldest}, 90 * time.Minute, false, noon.Add(-90 * time.Minute)},
		"nothing after it":          {ledger.HistoryState{LiveStart: byEvent, Reached: oldest, Recounted: true}, 90 * time.Minute, true, time.Time{}},
		"rows that say they happen": {ledger.HistoryState{LiveStart: arrival, Reached: oldest, Recounted: true}, time.Hour, false, time.Time{}},
		"nothing after those":       {ledger.HistoryState{LiveStart: arrival, Reached: oldest, Recounted: true, Ahead: true}, time.Hour, true, time.Time{}},
	} {
		got := coverage{HistoryState: c.state, oldest: oldest, audited: c.audited}
		assert.Equal(t, c.done, got.done(), name)
		assert.Equal(t, c.again, got.countAgain(), name)
	}
}
