package defenderreceiver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
)

// pipelines are a Collector's with one receiver.
type pipelines struct {
	*stage
	cfg     *Config
	set     receiver.Settings
	figures *consumertest.MetricsSink
	parts   []component.Component
}

// newPipelines makes the components of a receiver as a Collector does: one for each signal, with the same configuration.
func (s *stage) newPipelines(cfg *Config, logs, metrics bool) *pipelines {
	s.t.Helper()
	p := &pipelines{stage: s, cfg: cfg, set: receivertest.NewNopSettings(metadata.Type), figures: &consumertest.MetricsSink{}}
	factory := NewFactory()
	if logs {
		part, err := factory.CreateLogs(s.t.Context(), p.set, cfg, s.Sink)
		require.NoError(s.t, err)
		p.parts = append(p.parts, part)
	}
	if metrics {
		part, err := factory.CreateMetrics(s.t.Context(), p.set, cfg, p.figures)
		require.NoError(s.t, err)
		p.parts = append(p.parts, part)
	}
	return p
}

// start starts the components, the last one first.
func (p *pipelines) start() (stop func()) {
	p.t.Helper()
	for _, part := range slices.Backward(p.parts) {
		require.NoError(p.t, part.Start(p.t.Context(), p.Host()))
	}
	ended := false
	stop = func() {
		if !ended {
			ended = true
			for _, part := range p.parts {
				assert.NoError(p.t, part.Shutdown(context.Background()))
			}
		}
	}
	p.t.Cleanup(stop)
	return stop
}

// metricsConfig collects all the time, and reads nothing for logs pipelines but Secure Score.
func (s *stage) metricsConfig() *Config {
	cfg := s.scoreConfig()
	cfg.Feeds.SecureScores.PollInterval, cfg.CollectionInterval, cfg.InitialDelay = time.Hour, 10*time.Millisecond, time.Millisecond
	return cfg
}

// points are the newest values of each metric, by its attributes.
func (p *pipelines) points() map[string]map[string]float64 {
	all := map[string]map[string]float64{}
	for _, md := range p.figures.AllMetrics() {
		for _, resource := range md.ResourceMetrics().All() {
			for _, scope := range resource.ScopeMetrics().All() {
				for _, m := range scope.Metrics().All() {
					switch m.Type() {
					case pmetric.MetricTypeSum:
						all[m.Name()] = values(m.Sum().DataPoints())
					case pmetric.MetricTypeGauge:
						all[m.Name()] = values(m.Gauge().DataPoints())
					}
				}
			}
		}
	}
	return all
}

func values(points pmetric.NumberDataPointSlice) map[string]float64 {
	found := map[string]float64{}
	for _, point := range points.All() {
		var words []string
		for _, key := range []string{"category", "state", "deprecated", "basis", "severity", "status", "service_source", "classification"} {
			if v, ok := point.Attributes().Get(key); ok {
				words = append(words, v.AsString())
			}
		}
		value := point.DoubleValue()
		if point.ValueType() == pmetric.NumberDataPointValueTypeInt {
			value = float64(point.IntValue())
		}
		found[strings.Join(words, " ")] = value
	}
	return found
}

// has waits until a metric was collected.
func (p *pipelines) has(metric string) map[string]float64 {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return len(p.points()[metric]) > 0 }, wait, time.Millisecond, metric)
	return p.points()[metric]
}

// The figures are the sums of what the service has, and 300 controls are five series.
func TestSecureScoreMetrics(t *testing.T) {
	s := newStage(t, defendersim.Options{Controls: 300})
	p := s.newPipelines(s.metricsConfig(), false, true)
	stop := p.start()
	byCategory := p.has("defender.secure_score.by_category")
	require.Eventually(t, func() bool { return len(p.points()) == 7 }, wait, time.Millisecond, "all but alerts, of which there are none")
	stop()
	newest := s.Sim.SecureScores(s.Clock.Now())[0]
	most, sums, possible := map[any]float64{}, map[string]float64{}, map[string]float64{}
	groups := map[string]float64{}
	for _, profile := range s.Sim.ControlProfiles() {
		most[profile["id"]] = profile["maxScore"].(float64)
		update := profile["controlStateUpdates"].([]any)[0].(map[string]any)
		groups[fmt.Sprint(profile["controlCategory"], " ", update["state"], " ", profile["deprecated"])]++
	}
	for _, one := range newest["controlScores"].([]any) {
		control := one.(map[string]any)
		sums[control["controlCategory"].(string)] += control["score"].(float64)
		possible[control["controlCategory"].(string)] += most[control["controlName"]]
	}
	assert.Len(t, byCategory, 5)
	assert.InDeltaMapValues(t, sums, byCategory, 0.001)
	points := p.points()
	assert.InDeltaMapValues(t, possible, points["defender.secure_score.max_by_category"], 0.001)
	current, highest := newest["currentScore"].(float64), newest["maxScore"].(float64)
	assert.InDeltaMapValues(t, map[string]float64{"": current}, points["defender.secure_score.current"], 0)
	assert.InDeltaMapValues(t, map[string]float64{"": highest}, points["defender.secure_score.max"], 0)
	assert.InDeltaMapValues(t, map[string]float64{"": current / highest}, points["defender.secure_score.ratio"], 0)
	assert.InDeltaMapValues(t, groups, points["defender.secure_score.controls"], 0)
	for _, peer := range newest["averageComparativeScores"].([]any) {
		average := peer.(map[string]any)["averageScore"].(float64)
		got, known := points["defender.secure_score.peer_average"][peer.(map[string]any)["basis"].(string)]
		assert.Equal(t, average >= 0, known)
		if known {
			assert.InDelta(t, average, got, 0)
		}
	}
	assert.Zero(t, s.Sink.Count(), "there is no logs pipeline")
	report := s.Sim.Report()
	assert.Equal(t, []int64{1, 2}, []int64{report.Count(scoresPath, "200"), report.Count(profilesPath, "200")}, "what is collected is what was read last")
	resource, _ := p.figures.AllMetrics()[0].ResourceMetrics().At(0).Resource().Attributes().Get(logrecord.AttributeTenantID)
	assert.Equal(t, defendersim.DefaultTenantID, resource.AsString())
}

// Averages of -1 and numbers that are not there give no points.
func TestSecureScoreMetricsThatAreNotKnown(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	score := scoreOf(0, map[string]any{"controlName": "a", "controlCategory": nil, "score": "2.5"})
	score["maxScore"] = nil
	score["averageComparativeScores"] = []any{map[string]any{"basis": "AllTenants", "averageScore": -1.0}, map[string]any{"basis": "IndustryTypes", "averageScore": 4}}
	require.NoError(t, s.Sim.PutScore(score, epoch))
	p := s.newPipelines(s.metricsConfig(), false, true)
	stop := p.start()
	p.has("defender.secure_score.current")
	stop()
	points := p.points()
	assert.Equal(t, map[string]float64{"IndustryTypes": 4}, points["defender.secure_score.peer_average"])
	assert.Equal(t, map[string]float64{"none": 2.5}, points["defender.secure_score.by_category"])
	assert.NotContains(t, points, "defender.secure_score.max")
	assert.NotContains(t, points, "defender.secure_score.ratio")
}

// The components of a receiver in logs and metrics pipelines are one: what both want is asked for once.
func TestLogsAndMetricsShareOneInstance(t *testing.T) {
	s := newStage(t, defendersim.Options{Controls: 20})
	cfg := s.metricsConfig()
	p := s.newPipelines(cfg, true, true)
	require.NoError(t, p.parts[1].Start(t.Context(), p.Host()))
	assert.Never(t, func() bool { return s.Sim.Report().Count("", "") > 0 }, 50*time.Millisecond, time.Millisecond,
		"not before the logs pipeline can take records")
	require.NoError(t, p.parts[0].Start(t.Context(), p.Host()))
	want := s.allScores()
	require.Eventually(t, func() bool { return s.Sink.Count() == total(want) }, wait, time.Millisecond)
	p.has("defender.secure_score.current")
	report := s.Sim.Report()
	assert.Equal(t, []int64{1, 1}, []int64{report.Count(scoresPath, "200"), report.Count(profilesPath, "200")})
	assert.LessOrEqual(t, report.Count("/"+defendersim.DefaultTenantID+"/oauth2/v2.0/token", "200"), int64(1))
	for _, part := range p.parts {
		require.NoError(t, part.Shutdown(context.Background()))
	}
	instances.Lock()
	assert.NotContains(t, instances.of, cfg)
	instances.Unlock()
	s.newPipelines(cfg, true, true).start()
	require.Eventually(t, func() bool { return s.Sim.Report().Count(scoresPath, "200") == 2 }, wait, time.Millisecond, "a reload makes an instance anew")
}

// Two receivers of one configuration object are no parts of each other.
func TestPartsOfOneSignalAreApart(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.metricsConfig()
	first, second := s.newPipelines(cfg, true, false), s.newPipelines(cfg, true, false)
	assert.NotSame(t, first.parts[0], second.parts[0])
	for _, part := range append(first.parts, second.parts...) {
		require.NoError(t, part.Shutdown(context.Background()))
	}
}

// The legacy API has no scores.
func TestMetricsOfTheLegacyAPI(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.API = APILegacy
	_, err := NewFactory().CreateMetrics(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.ErrorIs(t, err, errLegacyMetrics)
}

// Open alerts are counted by the service, in each group.
func TestOpenAlerts(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	put := func(id, severity, status, source string) {
		s.putAlert(id, epoch.Add(-time.Hour), epoch, "severity", severity, "status", status, "serviceSource", source)
	}
	for i := range 7 {
		put(fmt.Sprintf("a%d", i), "high", "new", "microsoftDefenderForEndpoint")
	}
	put("b", "high", "new", "microsoftSentinel")
	put("c", "low", "inProgress", "somethingNew")
	put("d", "unknown", "new", "microsoftDefenderForEndpoint")
	put("e", "high", "resolved", "microsoftDefenderForEndpoint")
	p := s.newPipelines(s.metricsConfig(), false, true)
	p.start()
	assert.Equal(t, map[string]float64{
		"high new microsoftDefenderForEndpoint": 7, "high new microsoftSentinel": 1, "low inProgress unknown": 1, "unknown new unknown": 1,
	}, p.has("defender.alerts.open"))
	put("b", "high", "resolved", "microsoftSentinel")
	require.Eventually(t, func() bool { return p.points()["defender.alerts.open"]["high new microsoftSentinel"] == 0 }, wait, time.Millisecond)
	assert.Contains(t, p.points()["defender.alerts.open"], "high new microsoftSentinel", "it stays, with 0")
}

// Without products a few requests count everything.
func TestOpenAlertsWithoutProducts(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.putAlert("a", epoch.Add(-time.Hour), epoch, "severity", "medium", "status", "new", "serviceSource", "microsoftSentinel")
	cfg := s.metricsConfig()
	cfg.Metrics.DefenderAlertsOpen.EnabledAttributes = cfg.Metrics.DefenderAlertsOpen.EnabledAttributes[:0]
	cfg.CollectionInterval = time.Hour
	p := s.newPipelines(cfg, false, true)
	p.start()
	assert.Equal(t, map[string]float64{"": 1}, p.has("defender.alerts.open"))
	assert.Equal(t, int64(4), s.Sim.Report().Table("alerts_v2").Queries)
}

// Without the permission for scores alerts are counted, and the reverse.
func TestMetricsWithoutPermission(t *testing.T) {
	s := newStage(t, defendersim.Options{Controls: 20})
	s.Sim.SetRoles(defendersim.RoleScores)
	p := s.newPipelines(s.metricsConfig(), false, true)
	p.start()
	p.has("defender.secure_score.current")
	require.Eventually(t, func() bool { return s.Status.Has("SecurityAlert.Read.All") }, wait, time.Millisecond)
	assert.NotContains(t, p.points(), "defender.alerts.open")
}

// Each collection says whose figures they are, not the first one alone.
func TestEveryCollectionNamesTheTenant(t *testing.T) {
	s := newStage(t, defendersim.Options{Controls: 3})
	p := s.newPipelines(s.metricsConfig(), false, true)
	stop := p.start()
	p.has("defender.secure_score.current")
	collected := len(p.figures.AllMetrics())
	require.Eventually(t, func() bool { return len(p.figures.AllMetrics()) > collected+1 }, wait, time.Millisecond)
	stop()
	resources := 0
	for _, md := range p.figures.AllMetrics() {
		for _, resource := range md.ResourceMetrics().All() {
			resources++
			tenant, ok := resource.Resource().Attributes().Get("microsoft.defender.tenant_id")
			require.True(t, ok)
			assert.Equal(t, s.Sim.TenantID, tenant.Str())
		}
	}
	assert.Greater(t, resources, 1)
}
