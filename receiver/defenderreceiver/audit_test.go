package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
)

// audited is the sum of the audits' findings of one kind.
func (s *stage) audited(result string) int {
	return s.Metrics.Sum("otelcol_receiver_defender_audit_rows", "result", result)
}

// A row that can be seen only long after its ingestion_time() is behind every cursor by then. The
// audit counts it, and reads it.
func TestAuditRecoversWhatBecameVisibleLater(t *testing.T) {
	for _, mode := range []Mode{ModeIngestionTime, ModeEventTime} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})
			cfg := s.config(logons)
			cfg.LateArrival.Mode, cfg.LateArrival.Overlap = mode, time.Minute
			cfg.InitialLookback = 3 * time.Hour
			s.Plant(0, 30, epoch.Add(-time.Minute))
			for number := 30; number < 35; number++ {
				require.NoError(t, s.Sim.Plant(logons, defendersim.Planted{
					Row: testbed.LogonRow(number), IngestionTime: epoch.Add(-time.Minute), Visible: epoch.Add(2 * time.Hour),
				}))
			}
			s.start(cfg)
			s.delivered(30)
			s.Clock.Advance(61 * time.Minute)
			require.Eventually(t, func() bool { return s.audited("matched") >= 30 }, wait, time.Millisecond)
			assert.Zero(t, s.audited("recovered"))
			s.Clock.Advance(61 * time.Minute)
			s.delivered(35)
			require.Eventually(t, func() bool { return s.audited("recovered") == 5 }, wait, time.Millisecond)
			assert.Zero(t, s.audited("missing"))
			assert.Equal(t, 35, s.rows(delivered))
			assert.Eventually(t, func() bool { return s.Status.Notes("5 recovered, 0 missing") }, wait, time.Millisecond, "the status says so")
		})
	}
}

// The ledger survives a restart, so that an audit after it knows what was delivered before.
func TestAuditAfterRestart(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 30, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	stop := s.start(cfg)
	s.delivered(30)
	stop()
	s.start(cfg)
	s.Polls(logons, 3)
	s.Clock.Advance(2 * time.Hour)
	require.Eventually(t, func() bool { return s.audited("matched") >= 30 }, wait, time.Millisecond)
	s.Exactly(30)
	assert.Zero(t, s.audited("recovered"))
}

// A process that starts more often than an audit is due audits as often as one that runs on.
func TestAuditsGoOnOverRestarts(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 30, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	complete := func() int {
		return s.Metrics.Sum("otelcol_receiver_defender_audits", "outcome", "complete")
	}
	stop := s.start(cfg)
	s.delivered(30)
	s.Clock.Advance(61 * time.Minute)
	require.Eventually(t, func() bool { return complete() == 1 }, wait, time.Millisecond)
	for range 3 {
		stop()
		s.Clock.Advance(24 * time.Minute)
		stop = s.start(cfg)
		s.Polls(logons, 3)
	}
	s.Clock.Advance(10 * time.Minute)
	require.Eventually(t, func() bool { return complete() == 2 }, wait, time.Millisecond)
	s.Exactly(30)
}

// Rows that the service counts and does not give are said to be missing, and do not stop the table.
func TestAuditSaysWhatIsMissing(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 10, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	// Rows of one id: the service counts two, and both are one row.
	row := testbed.LogonRow(1)
	require.NoError(t, s.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: epoch.Add(-time.Minute)}))
	s.start(cfg)
	s.delivered(10)
	s.Clock.Advance(61 * time.Minute)
	require.Eventually(t, func() bool { return s.audited("matched") >= 11 }, wait, time.Millisecond)
	before := s.Sim.Report().Count("", "")
	s.Clock.Advance(61 * time.Minute)
	require.Eventually(t, func() bool { return s.audited("matched") >= 22 }, wait, time.Millisecond)
	assert.Zero(t, s.audited("recovered")+s.audited("missing"), "a row that the service holds twice is no loss")
	assert.Positive(t, before)
}

func TestAuditOfAlerts(t *testing.T) {
	s := newAlertStage(t)
	s.info(nil)
	s.evidence(nil)
	s.delivered(1)
	require.NoError(t, s.Sim.Plant("AlertEvidence", defendersim.Planted{
		Row: map[string]any{"Timestamp": epoch.Format(time.RFC3339Nano), "AlertId": "a1", "EntityType": "File"},
		// It arrives with the others and can be seen an hour later.
		IngestionTime: s.Clock.Now(), Visible: s.Clock.Now().Add(30 * time.Minute),
	}))
	s.Clock.Advance(2 * settle)
	s.settled()
	s.Exactly(1)
	s.Clock.Advance(61 * time.Minute)
	s.delivered(2)
	require.Eventually(t, func() bool { return s.audited("recovered") == 1 }, wait, time.Millisecond)
}

// What the audit counts is what the reading filters let through.
func TestAuditKnowsTheFilters(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for number := range 20 {
		row := testbed.LogonRow(number)
		if number%2 == 0 {
			row["AccountName"], row["AccountSid"] = "system", "S-1-5-18"
		}
		require.NoError(t, s.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: epoch.Add(-time.Minute)}))
	}
	cfg := s.config(logons)
	cfg.HumanAccountsOnly = true
	table := cfg.Tables[logons]
	table.Filter = "ReportId > 3"
	cfg.Tables[logons] = table
	stop := s.start(cfg)
	s.delivered(8)
	s.Clock.Advance(61 * time.Minute)
	require.Eventually(t, func() bool { return s.audited("matched") == 8 }, wait, time.Millisecond)
	stop()

	// A wider filter does not turn the rows that it left out before into losses.
	table.Filter = ""
	cfg.Tables[logons] = table
	s.start(cfg)
	s.Polls(logons, 2)
	s.Clock.Advance(61 * time.Minute)
	s.Polls(logons, 5)
	s.Exactly(8)
	assert.Zero(t, s.audited("recovered")+s.audited("missing"))
}

// A range that cannot be read is passed over and tried again later.
func TestRangeIsSetAside(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, epoch.Add(-2*time.Minute))
	cfg := s.config(logons)
	cfg.RetryOnFailure.InitialInterval, cfg.RetryOnFailure.MaxInterval = time.Microsecond, time.Microsecond
	s.start(cfg)
	s.delivered(5)
	s.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultResultSize, Rate: 1, Table: logons})
	s.Plant(5, 5, s.Clock.Now())
	s.Clock.Advance(2 * settle)
	require.Eventually(t, func() bool { return s.aside() > 0 }, 2*wait, time.Millisecond)
	s.Sim.SetFaults()
	s.Clock.Advance(time.Hour)
	s.delivered(10)
	require.Eventually(t, func() bool { return s.aside() == 0 }, wait, time.Millisecond)
}

func (s *stage) aside() int {
	ranges := 0
	for _, point := range s.Metrics.Points("otelcol_receiver_defender_ranges_aside") {
		ranges += int(point.Value)
	}
	return ranges
}
