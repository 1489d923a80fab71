package book

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/correlation"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

// tested and raised are an execution and an alert as the reference sees them.
type tested struct {
	id, host, category string
	outcome            execution.Outcome
	techniques         []string
	at                 time.Time
}

type raised struct {
	id, host   string
	techniques []string
	at         time.Time
}

var (
	someTechniques = []string{"T1059", "T1059.001", "T1059.003", "T10590", "T1574", "T1574.002", "T1003", "T1003.001"}
	someHosts      = []string{"pc1", "pc10", "pc2", "srv"}
)

// sample makes a day of executions and alerts up. Some lie exactly a window apart, or at full hours.
func sample(seed uint64) (executions []tested, alerts []raised) {
	random := rand.New(rand.NewPCG(seed, 7))
	some := func() []string {
		all := slices.Clone(someTechniques)
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return all[:random.IntN(4)]
	}
	when := func() time.Time {
		at := noon.Add(-time.Duration(random.Int64N(int64(24 * time.Hour))))
		switch random.IntN(4) {
		case 0:
			return at.Truncate(time.Hour)
		case 1:
			return at.Truncate(time.Minute)
		default:
			return at
		}
	}
	for i := range 60 {
		e := tested{id: fmt.Sprint("e", i), host: someHosts[random.IntN(4)], techniques: some(), at: when(), outcome: execution.Unprotected}
		switch random.IntN(8) {
		case 0:
			e.category = "cyber-hygiene"
		case 1:
			e.outcome = execution.Skipped
		case 2:
			e.outcome = execution.Inconclusive
		}
		executions = append(executions, e)
	}
	for i := range 12 {
		alerts = append(alerts, raised{id: fmt.Sprint("a", i), host: someHosts[random.IntN(4)] + ".acme.local", techniques: some(), at: when()})
	}
	return executions, alerts
}

// reference counts as the definition says, in the simplest way.
func reference(executions []tested, alerts []raised, minutes int, hour, rollup, host bool) map[string]Count {
	counts := map[string]Count{}
	for _, e := range executions {
		if e.category == "cyber-hygiene" || e.outcome == execution.Skipped {
			continue
		}
		for _, technique := range e.techniques {
			c := counts[technique]
			c.Executions++
			hit := false
			for _, a := range alerts {
				from, to := e.at, a.at
				if hour {
					from, to = from.Truncate(time.Hour), to.Truncate(time.Hour)
				}
				covers := slices.Contains(a.techniques, technique)
				if i := strings.Index(technique, "."); i > 0 && rollup {
					covers = covers || slices.Contains(a.techniques, technique[:i])
				}
				if covers && to.Sub(from).Abs() <= time.Duration(minutes)*time.Minute && (!host || a.host == e.host+".acme.local") {
					hit = true
				}
			}
			if hit {
				c.Correlated++
			}
			counts[technique] = c
		}
	}
	return counts
}

func (e tested) execution() execution.Execution {
	return execution.Execution{
		ID: e.id, Test: "t", Host: strings.ToUpper(e.host), Category: e.category, Outcome: e.outcome, Completed: e.at,
		Techniques: slices.Sorted(slices.Values(e.techniques)),
	}
}

// versions are three of an alert; its techniques come one after another.
func (a raised) versions(tb testing.TB) []alert.Alert {
	tb.Helper()
	var all []alert.Alert
	for i, known := range []int{0, len(a.techniques) / 2, len(a.techniques)} {
		all = append(all, read(tb, map[string]any{
			"id": a.id, "createdDateTime": a.at.Format(time.RFC3339Nano),
			"lastUpdateDateTime": a.at.Add(time.Duration(i) * time.Minute).Format(time.RFC3339Nano),
			"mitreTechniques":    list(a.techniques[:known]),
			"evidence":           []any{map[string]any{"@odata.type": "#microsoft.graph.security.deviceEvidence", "deviceDnsName": a.host}},
		}))
	}
	return all
}

func versionsOf(tb testing.TB, alerts []raised) map[string][]alert.Alert {
	tb.Helper()
	all := map[string][]alert.Alert{}
	for _, a := range alerts {
		all[a.id] = a.versions(tb)
	}
	return all
}

func list(texts []string) []any {
	all := []any{}
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}

func read(tb testing.TB, body map[string]any) alert.Alert {
	tb.Helper()
	record := plog.NewLogRecord()
	record.SetEventName(logrecord.EventAlertV2)
	require.NoError(tb, record.Body().SetEmptyMap().FromRaw(body))
	a, ok := alert.Read(record)
	require.True(tb, ok)
	return a
}

func settings(rule correlation.Rule) Settings {
	rule.Before, rule.After = 5*time.Minute, 30*time.Minute
	return Settings{
		Rule: rule, Lookback: 48 * time.Hour, Settle: 0, Categories: []string{"cyber-hygiene"}, Outcomes: []string{"skipped"},
		MaxExecutions: 1000, MaxAlerts: 1000,
	}
}

// put shows a book everything in some order, some of it twice.
func put(b *Book, executions []tested, alerts map[string][]alert.Alert, random *rand.Rand) {
	var steps []func()
	for _, e := range executions {
		steps = append(steps, func() { b.PutExecution(noon, e.execution()) })
	}
	for _, id := range slices.Sorted(maps.Keys(alerts)) {
		for _, v := range alerts[id] {
			steps = append(steps, func() { b.PutAlert(noon, v) })
		}
	}
	for range len(steps) / 3 {
		steps = append(steps, steps[random.IntN(len(steps))])
	}
	random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	for i, step := range steps {
		step()
		if i == 50 {
			b.Told(b.Correlations(noon, b.Due(noon)))
		}
	}
}

// The figures are those of the definition to the last count, for each window, granularity, roll-up and match.
func TestReference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	hits := 0
	for minutes := 1; minutes <= 240; minutes++ {
		executions, alerts := sample(uint64(minutes))
		versions := versionsOf(t, alerts)
		all := []struct{ hour, rollup, host bool }{
			{false, true, false}, {true, true, false}, {false, false, false}, {false, true, true}, {true, true, true}, {true, false, false},
		}
		if minutes%30 > 1 {
			all = all[:2]
		}
		for _, c := range all {
			rule := correlation.Rule{Match: correlation.Technique, Window: time.Duration(minutes) * time.Minute, Rollup: c.rollup, Hours: c.hour}
			if c.host {
				rule.Match = correlation.TechniqueHost
			}
			b := New(settings(rule))
			put(b, executions, versions, random)
			want := reference(executions, alerts, minutes, c.hour, c.rollup, c.host)
			f := b.Figures(noon)
			require.Equal(t, want, f.ByTechnique, "%d minutes, %+v", minutes, c)
			var total Count
			for count := range maps.Values(want) {
				total = Count{total.Executions + count.Executions, total.Correlated + count.Correlated}
			}
			require.Equal(t, total, f.Total)
			hits += total.Correlated
		}
	}
	assert.Greater(t, hits, 1000, "the sample says little")
}

// The figures by hour are the same for each window below an hour, and count alerts up to 119 minutes away at 60.
func TestHoursAreApproximate(t *testing.T) {
	executions, alerts := sample(3)
	figures := func(minutes int, hours bool) Figures {
		b := New(settings(correlation.Rule{Match: correlation.Technique, Window: time.Duration(minutes) * time.Minute, Rollup: true, Hours: hours}))
		put(b, executions, versionsOf(t, alerts), rand.New(rand.NewPCG(1, 2)))
		return b.Figures(noon)
	}
	assert.Equal(t, figures(5, true), figures(59, true))
	assert.Less(t, figures(59, true).Total.Correlated, figures(60, true).Total.Correlated)
	assert.Less(t, figures(5, false).Total.Correlated, figures(59, false).Total.Correlated)
	assert.Less(t, figures(60, false).Total.Correlated, figures(60, true).Total.Correlated)
}

// Whatever the order, the same is told in the end.
func TestOrderDoesNotMatter(t *testing.T) {
	executions, alerts := sample(11)
	var want map[string]uint64
	for seed := range uint64(20) {
		b := New(settings(correlation.Rule{Match: correlation.Technique, Window: 90 * time.Minute, Rollup: true}))
		put(b, executions, versionsOf(t, alerts), rand.New(rand.NewPCG(seed, 1)))
		b.Told(b.Correlations(noon, b.Due(noon)))
		told := map[string]uint64{}
		for id, r := range b.runs {
			told[id] = r.told
		}
		if want == nil {
			want = told
		}
		require.Equal(t, want, told)
		require.Empty(t, b.Due(noon))
	}
}
