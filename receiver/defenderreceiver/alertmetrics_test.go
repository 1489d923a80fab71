package defenderreceiver

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
)

const (
	alertsCreated  = "defender.alerts.created"
	alertsResolved = "defender.alerts.resolved"
)

// newest is a metric as it was collected last.
func (p *pipelines) newest(name string) pmetric.Metric {
	p.t.Helper()
	found := pmetric.NewMetric()
	for _, md := range p.figures.AllMetrics() {
		for _, resource := range md.ResourceMetrics().All() {
			for _, m := range resource.ScopeMetrics().At(0).Metrics().All() {
				if m.Name() == name {
					found = m
				}
			}
		}
	}
	require.Equal(p.t, name, found.Name())
	return found
}

// shows waits until a metric has these values.
func (p *pipelines) shows(metric string, want map[string]float64) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return assert.ObjectsAreEqual(want, p.points()[metric]) }, wait, time.Millisecond, "%s: %v", metric, want)
}

// countingConfig counts alerts, and reads nothing else for logs pipelines but Secure Score.
func (s *stage) countingConfig() *Config {
	cfg := s.metricsConfig()
	cfg.Feeds.AlertsV2 = s.feedConfig().Feeds.AlertsV2
	cfg.Feeds.AlertsV2.InitialLookback = 20 * 365 * 24 * time.Hour // from this machine's clock
	return cfg
}

// Each alert counts once as created, and once as resolved, however often a version of it comes or the receiver starts.
func TestAlertsCreatedAndResolved(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	ago := func(minutes time.Duration) time.Time { return epoch.Add(-minutes * time.Minute) }
	put := func(id string, updated time.Time, more ...any) { s.putAlert(id, updated, epoch, more...) } // created an hour ago
	resolvedAt := func(at time.Time) []any {
		return []any{"status", "resolved", "resolvedDateTime", at.Format(time.RFC3339), "classification", "truePositive"}
	}
	cfg := s.countingConfig()
	p := s.newPipelines(cfg, true, true)
	stop := p.start()
	put("a", ago(50))
	p.shows(alertsCreated, map[string]float64{"high unknown": 1})
	assert.NotContains(t, p.points(), alertsResolved)
	put("a", ago(40), "status", "inProgress", "title", "a title")
	put("b", ago(40), "severity", "low")
	p.shows(alertsCreated, map[string]float64{"high unknown": 1, "low unknown": 1})
	put("a", ago(30), resolvedAt(ago(30))...)
	p.shows(alertsResolved, map[string]float64{"high truePositive": 1})
	put("a", ago(20), resolvedAt(ago(30))...) // a comment
	put("c", ago(10), resolvedAt(ago(10))...)
	p.shows(alertsResolved, map[string]float64{"high truePositive": 2})
	p.shows(alertsCreated, map[string]float64{"high unknown": 1, "low unknown": 1, "high truePositive": 1})
	sum := p.newest(alertsResolved).Sum()
	assert.True(t, sum.IsMonotonic())
	assert.Equal(t, pmetric.AggregationTemporalityCumulative, sum.AggregationTemporality())
	times := p.newest(timeToResolve).Histogram()
	require.Equal(t, 1, times.DataPoints().Len())
	point := times.DataPoints().At(0)
	assert.Equal(t, map[string]any{"severity": "high", "classification": "truePositive"}, point.Attributes().AsRaw())
	assert.Equal(t, posture.TimesToResolve(), point.ExplicitBounds().AsRaw())
	assert.Equal(t, []uint64{0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}, point.BucketCounts().AsRaw())
	assert.InDelta(t, (80 * time.Minute).Seconds(), point.Sum(), 0.001)
	assert.Equal(t, uint64(2), point.Count())
	assert.Equal(t, sum.DataPoints().At(0).StartTimestamp(), point.StartTimestamp())
	stop()

	p = s.newPipelines(cfg, true, true)
	p.start()
	put("d", ago(5), "severity", "a severity")
	p.shows(alertsCreated, map[string]float64{"unknownFutureValue unknown": 1})
	assert.NotContains(t, p.points(), alertsResolved, "what was counted before the start counts no more")
	put("b", ago(4), resolvedAt(ago(4))...)
	p.shows(alertsResolved, map[string]float64{"high truePositive": 1})
	assert.Greater(t, p.newest(alertsResolved).Sum().DataPoints().At(0).StartTimestamp(), point.StartTimestamp())
	assert.Equal(t, map[string]float64{"unknownFutureValue unknown": 1}, p.points()[alertsCreated])
	s.once()
}

// A version counts once the pipeline has taken it: not while it is held, and never if it is refused for good.
func TestAlertsAreCountedOnceTheyAreTaken(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Sink.Refuse(func(logs plog.Logs) error {
		for _, r := range collector.Records(logs) {
			if text(r.Log.Body().Map(), "severity") == "high" {
				return consumererror.NewPermanent(errors.New("record size 9000000 exceeds max 1000")) // for good, at once
			}
		}
		return nil
	})
	s.putAlert("a", epoch.Add(-50*time.Minute), epoch)
	s.putAlert("b", epoch.Add(-50*time.Minute), epoch, "severity", "low")
	p := s.newPipelines(s.countingConfig(), true, true)
	p.start()
	p.shows(alertsCreated, map[string]float64{"low unknown": 1})
	s.Polls(alertsFeed, 3)
	var calls atomic.Int64
	s.Sink.Refuse(func(plog.Logs) error { calls.Add(1); return errors.New("not now") })
	s.putAlert("c", epoch.Add(-40*time.Minute), epoch, "severity", "medium")
	require.Eventually(t, func() bool { return calls.Load() > 2 }, wait, time.Millisecond)
	collected := len(p.figures.AllMetrics())
	require.Eventually(t, func() bool { return len(p.figures.AllMetrics()) > collected+1 }, wait, time.Millisecond)
	assert.Equal(t, map[string]float64{"low unknown": 1}, p.points()[alertsCreated])
	s.Sink.Refuse(nil)
	p.shows(alertsCreated, map[string]float64{"low unknown": 1, "medium unknown": 1})
}

// Alerts are counted from the feed, of which a metrics pipeline alone reads nothing.
func TestNoAlertsAreCountedWithoutTheirFeed(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.putAlert("a", epoch.Add(-time.Hour), epoch)
	p := s.newPipelines(s.metricsConfig(), true, true)
	p.start()
	p.has("defender.alerts.open")
	assert.NotContains(t, p.points(), alertsCreated)
}

// The histogram has the attributes of defender.alerts.resolved, and is given with it.
func TestHistogramOfResolution(t *testing.T) {
	counts := map[posture.AlertWords]posture.AlertCounts{
		{Severity: "high", Classification: "truePositive"}:  {Resolved: 1, Times: [11]uint64{1}, Seconds: 5},
		{Severity: "high", Classification: "falsePositive"}: {Resolved: 2, Times: [11]uint64{1, 1}, Seconds: 100},
		{Severity: "low", Classification: "unknown"}:        {Created: 1},
	}
	type keys = []metadata.DefenderAlertsResolvedMetricAttributeKey
	severity, classification := metadata.DefenderAlertsResolvedMetricAttributeKeySeverity, metadata.DefenderAlertsResolvedMetricAttributeKeyClassification
	for name, c := range map[string]struct {
		enabled    bool
		attributes keys
		want       map[string]uint64 // counts by attributes
	}{
		"both":     {true, keys{severity, classification}, map[string]uint64{"high truePositive": 1, "high falsePositive": 2}},
		"severity": {true, keys{severity}, map[string]uint64{"high": 3}},
		"none":     {true, nil, map[string]uint64{"": 3}},
		"disabled": {false, keys{severity, classification}, nil},
	} {
		settings := metadata.DefaultMetricsConfig().DefenderAlertsResolved
		settings.Enabled, settings.EnabledAttributes = c.enabled, c.attributes
		metrics := pmetric.NewMetrics()
		all := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
		resolution{settings: settings, began: 1}.add(metrics, pcommon.Timestamp(2), counts)
		if !c.enabled {
			assert.Zero(t, all.Len(), name)
			continue
		}
		got := map[string]uint64{}
		for _, point := range all.At(0).Histogram().DataPoints().All() {
			words := ""
			for _, key := range []string{"severity", "classification"} {
				if v, ok := point.Attributes().Get(key); ok {
					if words != "" {
						words += " "
					}
					words += v.Str()
				}
			}
			got[words] = point.Count()
		}
		assert.Equal(t, c.want, got, name)
	}
}
