package defenderreceiver

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// audited is the sum of the audits' findings of one kind.
func (s *stage) audited(result string) int {
	m, err := s.metrics.GetMetric("otelcol_receiver_defender_audit_rows")
	if err != nil {
		return 0
	}
	sum := 0
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		if v, _ := point.Attributes.Value("result"); v.AsString() == result {
			sum += int(point.Value)
		}
	}
	return sum
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
			s.plant(0, 30, epoch.Add(-time.Minute))
			for number := 30; number < 35; number++ {
				require.NoError(t, s.sim.Plant(logons, defendersim.Planted{
					Row: logonRow(number), IngestionTime: epoch.Add(-time.Minute), Visible: epoch.Add(2 * time.Hour),
				}))
			}
			s.start(cfg)
			s.delivered(30)
			s.clock.Advance(61 * time.Minute)
			require.Eventually(t, func() bool { return s.audited("matched") >= 30 }, wait, time.Millisecond)
			assert.Zero(t, s.audited("recovered"))
			s.clock.Advance(61 * time.Minute)
			s.delivered(35)
			require.Eventually(t, func() bool { return s.audited("recovered") == 5 }, wait, time.Millisecond)
			assert.Zero(t, s.audited("missing"))
			assert.Equal(t, 35, s.rows(delivered))
			assert.Eventually(t, func() bool { return s.status.notes("5 recovered, 0 missing") }, wait, time.Millisecond, "the status says so")
		})
	}
}

// The ledger survives a restart, so that an audit after it knows what was delivered before.
func TestAuditAfterRestart(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.plant(0, 30, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	stop := s.start(cfg)
	s.delivered(30)
	stop()
	s.start(cfg)
	s.polls(logons, 2)
	s.clock.Advance(2 * time.Hour)
	require.Eventually(t, func() bool { return s.audited("matched") >= 30 }, wait, time.Millisecond)
	s.exactly(30)
	assert.Zero(t, s.audited("recovered"))
}

// Rows that the service counts and does not give are said to be missing, and do not stop the table.
func TestAuditSaysWhatIsMissing(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.plant(0, 10, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	// Rows of one id: the service counts two, and both are one row.
	row := logonRow(1)
	require.NoError(t, s.sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: epoch.Add(-time.Minute)}))
	s.start(cfg)
	s.delivered(10)
	s.clock.Advance(61 * time.Minute)
	require.Eventually(t, func() bool { return s.audited("matched") >= 11 }, wait, time.Millisecond)
	before := s.sim.Report().Count("", "")
	s.clock.Advance(61 * time.Minute)
	require.Eventually(t, func() bool { return s.audited("matched") >= 22 }, wait, time.Millisecond)
	assert.Zero(t, s.audited("recovered")+s.audited("missing"), "a row that the service holds twice is no loss")
	assert.Positive(t, before)
}

func TestAuditOfAlerts(t *testing.T) {
	s := newAlertStage(t)
	s.info(nil)
	s.evidence(nil)
	s.delivered(1)
	require.NoError(t, s.sim.Plant("AlertEvidence", defendersim.Planted{
		Row: map[string]any{"Timestamp": epoch.Format(time.RFC3339Nano), "AlertId": "a1", "EntityType": "File"},
		// It arrives with the others and can be seen an hour later.
		IngestionTime: s.clock.Now(), Visible: s.clock.Now().Add(30 * time.Minute),
	}))
	s.clock.Advance(2 * settle)
	s.settled()
	s.exactly(1)
	s.clock.Advance(61 * time.Minute)
	s.delivered(2)
	require.Eventually(t, func() bool { return s.audited("recovered") == 1 }, wait, time.Millisecond)
}

// What the audit counts is what the reading filters let through.
func TestAuditKnowsTheFilters(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for number := range 20 {
		row := logonRow(number)
		if number%2 == 0 {
			row["AccountName"], row["AccountSid"] = "system", "S-1-5-18"
		}
		require.NoError(t, s.sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: epoch.Add(-time.Minute)}))
	}
	cfg := s.config(logons)
	cfg.HumanAccountsOnly = true
	table := cfg.Tables[logons]
	table.Filter = "ReportId > 3"
	cfg.Tables[logons] = table
	stop := s.start(cfg)
	s.delivered(8)
	s.clock.Advance(61 * time.Minute)
	require.Eventually(t, func() bool { return s.audited("matched") == 8 }, wait, time.Millisecond)
	stop()

	// A wider filter does not turn the rows that it left out before into losses.
	table.Filter = ""
	cfg.Tables[logons] = table
	s.start(cfg)
	s.polls(logons, 2)
	s.clock.Advance(61 * time.Minute)
	s.polls(logons, 5)
	s.exactly(8)
	assert.Zero(t, s.audited("recovered")+s.audited("missing"))
}

// A range that cannot be read is passed over and tried again later.
func TestRangeIsSetAside(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.plant(0, 5, epoch.Add(-2*time.Minute))
	cfg := s.config(logons)
	cfg.RetryOnFailure.InitialInterval, cfg.RetryOnFailure.MaxInterval = time.Microsecond, time.Microsecond
	s.start(cfg)
	s.delivered(5)
	s.sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultResultSize, Rate: 1, Table: logons})
	s.plant(5, 5, s.clock.Now())
	s.clock.Advance(2 * settle)
	require.Eventually(t, func() bool { return s.aside() > 0 }, 2*wait, time.Millisecond)
	s.sim.SetFaults()
	s.clock.Advance(time.Hour)
	s.delivered(10)
	require.Eventually(t, func() bool { return s.aside() == 0 }, wait, time.Millisecond)
}

func (s *stage) aside() int {
	m, err := s.metrics.GetMetric("otelcol_receiver_defender_ranges_aside")
	if err != nil {
		return 0
	}
	points := m.Data.(metricdata.Gauge[int64]).DataPoints
	i := slices.IndexFunc(points, func(p metricdata.DataPoint[int64]) bool { return p.Value > 0 })
	if i < 0 {
		return 0
	}
	return int(points[i].Value)
}
