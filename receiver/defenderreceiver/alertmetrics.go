package defenderreceiver

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
)

const (
	timeToResolve            = "defender.alerts.time_to_resolve"
	timeToResolveDescription = "Time from an alert's creation to its resolution, of the alerts of defender.alerts.resolved; absent unless the feed alerts_v2 is enabled."
)

// resolution makes the histogram that comes with defender.alerts.resolved, and obeys its settings: mdatagen makes none for
// what is scraped.
type resolution struct {
	settings metadata.DefenderAlertsResolvedMetricConfig
	began    pcommon.Timestamp // when counting began
}

// add adds it to metrics, to the others of the resource.
func (r resolution) add(metrics pmetric.Metrics, at pcommon.Timestamp, counts map[posture.AlertWords]posture.AlertCounts) {
	groups := r.groups(counts)
	if !r.settings.Enabled || len(groups) == 0 || metrics.ResourceMetrics().Len() == 0 {
		return
	}
	metric := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().AppendEmpty()
	metric.SetName(timeToResolve)
	metric.SetDescription(timeToResolveDescription)
	metric.SetUnit("s")
	histogram := metric.SetEmptyHistogram()
	histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	for words, n := range groups {
		r.point(histogram.DataPoints().AppendEmpty(), at, words, n)
	}
}

// groups are the counts of alerts that were resolved, by the attributes that are enabled.
func (r resolution) groups(counts map[posture.AlertWords]posture.AlertCounts) map[posture.AlertWords]posture.AlertCounts {
	groups := map[posture.AlertWords]posture.AlertCounts{}
	for words, n := range counts {
		if n.Resolved == 0 {
			continue
		}
		if !r.shows(metadata.DefenderAlertsResolvedMetricAttributeKeySeverity) {
			words.Severity = ""
		}
		if !r.shows(metadata.DefenderAlertsResolvedMetricAttributeKeyClassification) {
			words.Classification = ""
		}
		sum := groups[words]
		sum.Seconds += n.Seconds
		for i := range sum.Times {
			sum.Times[i] += n.Times[i]
		}
		groups[words] = sum
	}
	return groups
}

func (r resolution) shows(attribute metadata.DefenderAlertsResolvedMetricAttributeKey) bool {
	return slices.Contains(r.settings.EnabledAttributes, attribute)
}

func (r resolution) point(point pmetric.HistogramDataPoint, at pcommon.Timestamp, words posture.AlertWords, n posture.AlertCounts) {
	point.SetStartTimestamp(r.began)
	point.SetTimestamp(at)
	if words.Severity != "" {
		point.Attributes().PutStr(string(metadata.DefenderAlertsResolvedMetricAttributeKeySeverity), words.Severity)
	}
	if words.Classification != "" {
		point.Attributes().PutStr(string(metadata.DefenderAlertsResolvedMetricAttributeKeyClassification), words.Classification)
	}
	point.ExplicitBounds().FromRaw(posture.TimesToResolve())
	point.BucketCounts().FromRaw(n.Times[:])
	var all uint64
	for _, within := range n.Times {
		all += within
	}
	point.SetCount(all)
	point.SetSum(n.Seconds)
}
