package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// alertsFile are the rules that users copy.
const alertsFile = "../../docs/alerts.yml"

// alertRule is one of them, in the pace of a test.
type alertRule struct {
	name, query string
	after       time.Duration
}

// readAlerts reads the rules, in the pace of a test.
func readAlerts(t *testing.T, minute time.Duration) (rules []alertRule) {
	t.Helper()
	for _, rule := range readRules(t, alertsFile) {
		rules = append(rules, scaleRule(t, rule, minute))
	}
	return rules
}

// scaleRule makes a rule fit a test whose minute lasts only so long. All its times are as much shorter: ranges, `for`,
// and the factors 60 and 3600, which stand for a minute and an hour of seconds. Nothing else of the expression changes.
func scaleRule(t *testing.T, rule rulefmt.Rule, minute time.Duration) alertRule {
	t.Helper()
	expression, err := parser.NewParser(parser.Options{}).ParseExpr(rule.Expr)
	require.NoError(t, err)
	scale := func(d time.Duration) time.Duration { return time.Duration(d.Minutes() * float64(minute)) }
	parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.MatrixSelector:
			n.Range = scale(n.Range)
		case *parser.NumberLiteral:
			if n.Val == 60 || n.Val == 3600 {
				n.Val *= minute.Minutes()
			}
		}
		return nil
	})
	return alertRule{rule.Alert, expression.String(), scale(time.Duration(rule.For))}
}

// sample is a value and its time in milliseconds. It implements chunks.Sample.
type sample struct {
	t int64
	f float64
}

func (s sample) T() int64                      { return s.t }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.f }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// samples are the values of one series.
type samples struct {
	labels labels.Labels
	list   []chunks.Sample
}

// recording is what a Prometheus would have stored.
type recording map[string]*samples

func (r recording) add(at time.Time, value float64, nameAndLabels map[string]string) {
	series := labels.FromMap(nameAndLabels)
	key := series.String()
	if r[key] == nil {
		r[key] = &samples{labels: series}
	}
	r[key].list = append(r[key].list, sample{at.UnixMilli(), value})
}

// scraped adds a page of counters and gauges; nil: the collector did not answer.
func (r recording) scraped(at time.Time, page scrape) {
	target := map[string]string{"job": "otelcol-defender", "instance": "collector"}
	up := 0.0
	if page != nil {
		up = 1
	}
	with := func(name string, pairs []*dto.LabelPair) map[string]string {
		all := maps.Clone(target)
		all["__name__"] = name
		for _, pair := range pairs {
			all[pair.GetName()] = pair.GetValue()
		}
		return all
	}
	r.add(at, up, with("up", nil))
	for name, family := range page {
		for _, metric := range family.GetMetric() {
			switch family.GetType() { //nolint:exhaustive // histograms are cut up below, and there are no others
			case dto.MetricType_COUNTER:
				r.add(at, metric.GetCounter().GetValue(), with(name, metric.GetLabel()))
			case dto.MetricType_GAUGE:
				r.add(at, metric.GetGauge().GetValue(), with(name, metric.GetLabel()))
			case dto.MetricType_HISTOGRAM:
				r.histogram(at, metric.GetHistogram(), with(name, metric.GetLabel()))
			}
		}
	}
}

func (r recording) histogram(at time.Time, h *dto.Histogram, series map[string]string) {
	name := series["__name__"]
	series["__name__"] = name + "_bucket"
	for _, bucket := range h.GetBucket() {
		series["le"] = fmt.Sprint(bucket.GetUpperBound())
		r.add(at, float64(bucket.GetCumulativeCount()), series)
	}
	delete(series, "le")
	series["__name__"] = name + "_count"
	r.add(at, float64(h.GetSampleCount()), series)
	series["__name__"] = name + "_sum"
	r.add(at, h.GetSampleSum(), series)
}

// Querier implements storage.Queryable.
func (r recording) Querier(int64, int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		var found []storage.Series
		for _, key := range slices.Sorted(maps.Keys(r)) {
			series := r[key]
			matches := func(m *labels.Matcher) bool { return m.Matches(series.labels.Get(m.Name)) }
			if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !matches(m) }) {
				found = append(found, storage.NewListSeries(series.labels, series.list))
			}
		}
		return &seriesSet{series: found}
	}}, nil
}

// seriesSet gives series one after the other.
type seriesSet struct {
	series []storage.Series
	next   int
}

func (s *seriesSet) Next() bool {
	s.next++
	return s.next <= len(s.series)
}

func (s *seriesSet) At() storage.Series                { return s.series[s.next-1] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// ask evaluates a query over time.
func (r recording) ask(t *testing.T, query string, from, to time.Time, step, lookback time.Duration) promql.Matrix {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 10_000_000, Timeout: time.Minute, LookbackDelta: lookback, Parser: parser.NewParser(parser.Options{}),
	})
	defer func() { assert.NoError(t, engine.Close()) }()
	q, err := engine.NewRangeQuery(context.Background(), r, nil, query, from, to, step)
	require.NoError(t, err, query)
	defer q.Close()
	matrix, err := q.Exec(context.Background()).Matrix()
	require.NoError(t, err, query)
	return matrix
}

// firing returns the alerts that fired from one time to another, each with its labels but the target's, and when each
// began to.
func (r recording) firing(t *testing.T, rules []alertRule, from, to time.Time, step time.Duration) map[string]time.Time {
	t.Helper()
	fired := map[string]time.Time{}
	for _, rule := range rules {
		for _, series := range r.ask(t, rule.query, from, to, step, 5*step) {
			if at, fires := firstFiring(series.Floats, step, rule.after); fires {
				fired[alertName(rule.name, series.Metric)] = at
			}
		}
	}
	return fired
}

// firstFiring is when points without a gap have lasted so long.
func firstFiring(points []promql.FPoint, step, after time.Duration) (time.Time, bool) {
	begun := int64(0)
	for i, point := range points {
		if i == 0 || point.T-points[i-1].T > step.Milliseconds() {
			begun = point.T
		}
		if point.T-begun >= after.Milliseconds() {
			return time.UnixMilli(point.T), true
		}
	}
	return time.Time{}, false
}

// alertName is the alert with the labels that tell what it is about, e.g. "DefenderTablePaused defender/a DeviceEvents
// failures".
func alertName(name string, metric labels.Labels) string {
	parts := []string{name}
	for _, label := range []string{"receiver", "table", "reason", "component", "extension"} {
		if value := metric.Get(label); value != "" {
			parts = append(parts, value)
		}
	}
	return strings.Join(parts, " ")
}
