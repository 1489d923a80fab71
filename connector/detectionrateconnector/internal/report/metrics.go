package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/book"
)

// Scope names what the connector gives.
const Scope = "github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector"

// Other is the technique of all executions whose technique has no series of its own.
const Other = "other"

// Metrics are the figures at a time. Of the techniques, those with the most executions have series of their own.
func Metrics(f book.Figures, now time.Time, maxTechniques int, version string) pmetric.Metrics {
	all := pmetric.NewMetrics()
	scope := all.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
	scope.Scope().SetName(Scope)
	scope.Scope().SetVersion(version)
	g := gauges{scope.Metrics(), pcommon.NewTimestampFromTime(now)}

	rate := g.add("defender.detection.rate", "1", "Share of the executions that were detected, 0 without executions.")
	executions := g.add("defender.detection.executions", "{execution}", "Executions that have settled, each as often as it has techniques.")
	correlated := g.add("defender.detection.correlated", "{execution}", "Those of them that were detected.")
	counts := limited(f.ByTechnique, maxTechniques)
	counts[""] = f.Total
	for _, technique := range slices.Sorted(maps.Keys(counts)) {
		c := counts[technique]
		g.double(rate, c.Rate(), "technique", technique)
		g.int(executions, c.Executions, "technique", technique)
		g.int(correlated, c.Correlated, "technique", technique)
	}
	techniques := g.add("defender.detection.techniques", "{technique}", "Techniques that were tested, and those of them that were detected at least once.")
	g.int(techniques, len(f.ByTechnique), "state", "tested")
	g.int(techniques, f.Detected(), "state", "detected")
	g.int(g.add("defender.detection.pending", "{execution}", "Executions that wait for late alerts, and are not counted yet."), f.Pending, "", "")
	g.int(g.add("defender.detection.excluded", "{execution}", "Executions that are left out by their category or outcome."), f.Excluded, "", "")
	return all
}

// limited adds up the techniques above a limit.
func limited(counts map[string]book.Count, most int) map[string]book.Count {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b].Executions, counts[a].Executions), strings.Compare(a, b))
	})
	all := map[string]book.Count{}
	for i, name := range names {
		c := counts[name]
		if i >= most {
			name = Other
			c.Executions, c.Correlated = c.Executions+all[Other].Executions, c.Correlated+all[Other].Correlated
		}
		all[name] = c
	}
	return all
}

// gauges makes gauges of one instant.
type gauges struct {
	metrics pmetric.MetricSlice
	at      pcommon.Timestamp
}

func (g gauges) add(name, unit, description string) pmetric.NumberDataPointSlice {
	m := g.metrics.AppendEmpty()
	m.SetName(name)
	m.SetUnit(unit)
	m.SetDescription(description)
	return m.SetEmptyGauge().DataPoints()
}

func (g gauges) point(points pmetric.NumberDataPointSlice, attribute, value string) pmetric.NumberDataPoint {
	p := points.AppendEmpty()
	p.SetTimestamp(g.at)
	if value != "" {
		p.Attributes().PutStr(attribute, value)
	}
	return p
}

func (g gauges) int(points pmetric.NumberDataPointSlice, n int, attribute, value string) {
	g.point(points, attribute, value).SetIntValue(int64(n))
}

func (g gauges) double(points pmetric.NumberDataPointSlice, x float64, attribute, value string) {
	g.point(points, attribute, value).SetDoubleValue(x)
}
