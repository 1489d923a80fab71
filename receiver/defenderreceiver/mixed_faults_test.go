package defenderreceiver

import (
	"fmt"
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// TestMixedFaults lets every kind of fault strike, 30 % of the calls together, while rows of several
// tables arrive and the receiver is restarted. A bare 429 and one of exhausted CPU make the client wait
// a minute and more, so failure_test.go has them.
func TestMixedFaults(t *testing.T) {
	names := []string{logons, "DeviceProcessEvents", "DeviceEvents"}
	for _, mode := range []Mode{ModeIngestionTime, ModeEventTime} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("%s,seed=%d", mode, seed), func(t *testing.T) {
				t.Parallel()
				s := newStage(t, defendersim.Options{Seed: seed, Quirks: defendersim.DefaultQuirks()})
				s.Sim.SetFaults(mixedFaults(0.3)...)
				cfg := s.config(names...)
				cfg.LateArrival.Mode, cfg.LateArrival.Overlap = mode, 5*time.Minute
				cfg.Page.MaxRows, cfg.Batch.MaxRecords = 20, 7
				life := s.launch(cfg)
				for round := range 5 {
					for i, name := range names {
						s.late(name, 1000*round, 10+15*i, 0)
						s.Clock.Advance(time.Second)
						s.late(name, 1000*round+500, 8, 0)
					}
					s.Clock.Advance(time.Minute)
					switch round {
					case 2:
						s.Sim.FailNext(1, defendersim.Fault{Kind: defendersim.FaultTooManyRequests, Delay: time.Second})
					case 1, 3:
						s.readUntil(s.Clock.Now().Add(-time.Minute), names...)
						life.stop()
						life = s.launch(cfg)
					}
				}
				s.readUntil(s.Clock.Now().Add(-settle), names...)
				s.Sim.SetFaults()
				// What had to be set aside is tried again.
				s.Clock.Advance(20 * time.Minute)
				s.readUntil(s.Clock.Now().Add(-settle), names...)
				s.complete(names...)
				life.stop()
				s.accounts(s.Sink.Count(), false)
			})
		}
	}
}

// mixedFaults are all kinds of quickFaults, which together strike a share of the calls.
func mixedFaults(share float64) []defendersim.Fault {
	var faults []defendersim.Fault
	for _, kind := range quickFaults {
		faults = append(faults, fault(kind, share/float64(len(quickFaults))))
	}
	return faults
}

// The probe is the first that is asked, when nothing is known of the table yet.
func TestBrokenProbes(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	s.Sim.FailNext(2*failure.SameTries, defendersim.Fault{Kind: defendersim.FaultTruncate})
	s.start(s.config(logons))
	s.delivered(5)
}
