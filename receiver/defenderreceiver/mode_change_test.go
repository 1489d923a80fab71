package defenderreceiver

import (
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// The mode changes there and back between runs, with rows that are late, that arrive while nothing runs,
// and that share an instant across the change: nothing is lost, and nothing comes twice.
func TestModeChangesBetweenRuns(t *testing.T) {
	names := []string{logons, "DeviceEvents"}
	s := newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})
	n := 0
	arrive := func() {
		t.Helper()
		for _, name := range names {
			for _, late := range []time.Duration{0, time.Second, 5 * time.Minute, 25 * time.Minute} {
				s.late(name, n, 6, late)
				n += 6
			}
		}
	}
	for run, mode := range []Mode{ModeIngestionTime, ModeEventTime, ModeIngestionTime, ModeEventTime, ModeEventTime, ModeIngestionTime} {
		cfg := s.config(names...)
		cfg.LateArrival.Mode, cfg.LateArrival.Overlap = mode, 30*time.Minute
		cfg.LateArrival.Audit.Interval = 0
		cfg.Page.MaxRows, cfg.Batch.MaxRecords = 25, 5
		life := s.launch(cfg)
		for range 3 {
			arrive()
			s.Clock.Advance(3 * time.Minute)
			s.readUntil(s.Clock.Now().Add(-settle), names...)
		}
		s.complete(names...)
		if t.Failed() {
			t.Fatalf("in run %d, %s", run, mode)
		}
		arrive()
		if run%2 == 0 {
			s.Clock.Advance(time.Minute)
		}
		life.stop()
		arrive()
	}
	cfg := s.config(names...)
	life := s.launch(cfg)
	s.Clock.Advance(3 * time.Minute)
	s.readUntil(s.Clock.Now().Add(-settle), names...)
	s.complete(names...)
	life.stop()
	s.accounts(s.Sink.Count(), false)
}
