package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// plantEvent plants a row of an event time that arrives now.
func (s *stage) plantEvent(number int, event time.Time) {
	s.t.Helper()
	row := testbed.LogonRow(number)
	row["Timestamp"] = event.Format(time.RFC3339Nano)
	require.NoError(s.t, s.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: s.Clock.Now()}))
}

// Rows that arrive late, but within the overlap, are delivered; those read again are recognised, after
// a restart too.
func TestEventTimeReadsTheOverlapAgain(t *testing.T) {
	s := newStage(t, defendersim.Options{NoIngestionTime: true})
	cfg := s.config(logons)
	cfg.LateArrival.Overlap = 30 * time.Minute
	cfg.Page.MaxRows, cfg.Batch.MaxRecords = 7, 3
	n := 0
	for range 3 {
		stop := s.start(cfg)
		for range 4 {
			for _, late := range []time.Duration{time.Second, 10 * time.Minute, 29 * time.Minute} {
				s.plantEvent(n, s.Clock.Now().Add(-late))
				n++
			}
			s.Clock.Advance(time.Minute)
			s.delivered(n)
		}
		stop()
	}
	s.start(cfg)
	s.Polls(logons, 3)
	s.Exactly(n)
	for _, r := range s.Sink.Records() {
		assert.Empty(t, collector.Attribute(r.Log, "microsoft.defender.ingestion_time"))
	}
}

// A device whose clock is ahead does not move the cursor past the rows of all others.
func TestFutureTimestampDoesNotMoveTheCursor(t *testing.T) {
	s := newStage(t, defendersim.Options{NoIngestionTime: true})
	cfg := s.config(logons)
	cfg.LateArrival.Overlap = time.Minute
	s.plantEvent(0, epoch.Add(30*time.Minute))
	s.start(cfg)
	s.Polls(logons, 3)
	s.Exactly(0)
	s.Clock.Advance(10 * time.Minute)
	s.plantEvent(1, s.Clock.Now().Add(-10*time.Second))
	s.Clock.Advance(10 * time.Second)
	s.delivered(1)
	s.Clock.Advance(30 * time.Minute)
	s.delivered(2)
}

// Mode auto falls back while it runs, when the service stops saying when rows arrived.
func TestAutoFindsTheTimeBasis(t *testing.T) {
	s := newStage(t, defendersim.Options{NoIngestionTime: true})
	s.plantEvent(0, epoch.Add(-time.Minute))
	s.start(s.config(logons))
	s.delivered(1)
}

func TestEventTimeAlerts(t *testing.T) {
	s := alertStage{newStage(t, defendersim.Options{NoIngestionTime: true})}
	s.startAlerts()
	s.info(map[string]any{"Timestamp": epoch.Add(-time.Hour).Format(time.RFC3339Nano)})
	s.Clock.Advance(9 * time.Hour)
	s.settled()
	s.Exactly(0)
	s.evidence(map[string]any{"Timestamp": epoch.Add(-30 * time.Minute).Format(time.RFC3339Nano)})
	s.delivered(1)
	s.Clock.Advance(time.Hour)
	s.settled()
	s.Exactly(1)
}
