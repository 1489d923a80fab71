package defenderreceiver

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
)

// failing makes all queries of a kind fail.
func failing(kind string, err error) func(string) (string, error) {
	return func(kql string) (string, error) {
		if strings.Contains(kql, kind) {
			return "", err
		}
		return kql, nil
	}
}

var errUnavailable = &hunting.Error{Kind: hunting.Transient, Status: 503}

// gauge is what a metric of whole numbers says of a table, and whether it says anything.
func (s *stage) gauge(name, table string) (value int, told bool) {
	for _, p := range s.Metrics.Points("otelcol_receiver_defender_" + name) {
		if v, _ := p.Attributes.Value("table"); v.AsString() == table {
			return int(p.Value), true
		}
	}
	return 0, false
}

// attempts are the audits that ended in each way.
func (s *stage) attempts() map[audit.Outcome]int {
	ended := map[audit.Outcome]int{}
	for _, p := range s.Metrics.Points("otelcol_receiver_defender_audits") {
		v, _ := p.Attributes.Value("outcome")
		ended[audit.Outcome(v.AsString())] += int(p.Value)
	}
	return ended
}

func TestAuditMetricsExistFromTheStart(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.start(s.config(logons, "DeviceInfo"))
	s.Polls(logons, 1)
	for _, name := range []string{"audit_missing", "audit_refused"} {
		_, ok := s.gauge(name, logons)
		assert.True(t, ok, name)
		_, ok = s.gauge(name, "DeviceInfo")
		assert.False(t, ok, "%s: a directory is not audited", name)
	}
	age := 0
	m, err := s.Metrics.GetMetric("otelcol_receiver_defender_audit_age")
	require.NoError(t, err)
	for _, p := range m.Data.(metricdata.Gauge[float64]).DataPoints {
		v, _ := p.Attributes.Value("table")
		assert.Equal(t, logons, v.AsString(), "a directory is not audited")
		age++
	}
	assert.Equal(t, 1, age)
	assert.Equal(t, map[audit.Outcome]int{audit.Complete: 0, audit.Incomplete: 0, audit.Failed: 0}, s.attempts(), "the series exist from the start")
}

// What audits find of each table is in the metrics and in the status. How they find it is tested with the reader.
func TestWhatAuditsFindIsTold(t *testing.T) {
	s := newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})
	s.Plant(0, 10, epoch.Add(-time.Minute))
	cfg := s.historyConfig()
	cfg.LateArrival.Audit.Window, cfg.InitialLookback = 3*time.Hour, 3*time.Hour
	live, _, service := s.manual(cfg)
	r := s.receivers[0]
	require.NoError(t, r.telemetry.observe(r.lanes[:1], r.scheduler, s.registry))
	t.Cleanup(r.telemetry.shutdown)
	go s.registry.Run(t.Context(), s.Host())
	require.NoError(t, live.poll(t.Context()))
	s.Clock.Advance(61 * time.Minute)
	require.NoError(t, live.probe(t.Context()))

	service.edit = failing(ofCount, errUnavailable)
	require.ErrorIs(t, live.audits.Audit(t.Context()), errUnavailable)
	s.Plant(10, 3, epoch.Add(-time.Minute)) // they become visible only now, behind the cursor
	s.Plant(20, 1, epoch.Add(-30*time.Minute))
	live.ledger().Refuse(uuid.UUID{1}, epoch.Add(-30*time.Minute))
	service.edit = func(kql string) (string, error) {
		return strings.Replace(kql, ofRead, "| where ReportId != 10\n"+ofRead, 1), nil
	}
	require.NoError(t, live.audits.Audit(t.Context()))
	assert.Equal(t, map[audit.Outcome]int{audit.Complete: 1, audit.Incomplete: 0, audit.Failed: 1}, s.attempts())
	missing, _ := s.gauge("audit_missing", logons)
	refused, _ := s.gauge("audit_refused", logons)
	assert.Equal(t, []int{1, 1}, []int{missing, refused})
	assert.Equal(t, []int{10, 2, 1, 1}, []int{s.audited("matched"), s.audited("recovered"), s.audited("refused"), s.audited("missing")})
	for _, words := range []string{"1 row is missing since ", "1 row was refused by the pipeline for good"} {
		assert.Eventually(t, func() bool { return s.Status.Notes(words) }, wait, time.Millisecond, words)
	}
}

// alertsByHand is the live lane of Alerts, with an alert of four hours ago whose severity changed half an hour ago.
func alertsByHand(t *testing.T) (alertStage, *lane, *editing) {
	t.Helper()
	s := alertStage{newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})}
	cfg := s.config("Alerts")
	cfg.Backfill.Window, cfg.InitialLookback = 72*time.Hour, 5*time.Hour
	live, _, service := s.manual(cfg)
	s.Clock.Set(epoch.Add(-4 * time.Hour))
	s.info(nil)
	s.evidence(nil)
	s.Clock.Set(epoch.Add(-30 * time.Minute))
	s.info(map[string]any{"Severity": "High"})
	s.Clock.Set(epoch)
	require.NoError(t, live.poll(t.Context()))
	s.Exactly(1)
	// Its counts were found to be too much.
	service.edit = failing(ofCount, &hunting.Error{Kind: hunting.TooHeavy, Status: 400})
	for range 4 {
		require.Error(t, live.audits.Audit(t.Context()))
	}
	service.edit = nil
	clear(service.asked)
	return s, live, service
}

// An alert that was updated within the window is counted and read once, in however many parts the window is counted.
func TestAuditOfAlertsInParts(t *testing.T) {
	s, live, service := alertsByHand(t)
	require.NoError(t, live.audits.Audit(t.Context()))
	assert.Greater(t, service.asked[ofCount], 4)
	assert.Equal(t, []int{1, 0, 0}, []int{s.audited("matched"), s.audited("recovered"), s.audited("missing")})
	s.Exactly(1)
}

// Nor is one missing that moves to a later part between count and read.
func TestAlertThatMovesDuringAnAudit(t *testing.T) {
	s, live, service := alertsByHand(t)
	moved := false
	service.edit = func(kql string) (string, error) {
		if !moved && service.asked[ofCount] > 1 && !strings.Contains(kql, ofCount) {
			moved = true
			s.info(map[string]any{"Severity": "Informational"})
		}
		return kql, nil
	}
	// It is seen late: it has arrived within the time that was read.
	s.Clock.Set(epoch.Add(-10 * time.Minute))
	require.NoError(t, live.audits.Audit(t.Context()))
	assert.True(t, moved)
	assert.Zero(t, s.audited("missing"))
	require.NoError(t, live.audits.Audit(t.Context()))
	assert.Equal(t, 1, s.audited("recovered"))
	s.Exactly(2)
}
