package defenderreceiver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
)

// eventTables are those whose rows are read once, in order of arrival.
var eventTables = []string{logons, "DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents", "DeviceEvents", "DeviceRegistryEvents"}

// lags is a pipeline that keeps how long after their arrival rows came.
type lags struct {
	mu      sync.Mutex // guards everything below
	byTable map[string][]time.Duration
	rows    int
}

var _ consumer.Logs = (*lags)(nil)

func (*lags) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (l *lags) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, log := range scope.LogRecords().All() {
				l.rows++
				arrived, ok := parseTime(collector.Attribute(log, logrecord.AttributeIngestionTime))
				if table := collector.Attribute(log, logrecord.AttributeTable); ok && arrived.After(epoch) {
					l.byTable[table] = append(l.byTable[table], now.Sub(arrived))
				}
			}
		}
	}
	return nil
}

// forget begins anew.
func (l *lags) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.byTable)
}

// quantile is that of some tables' lags.
func (l *lags) quantile(q float64, names ...string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var sorted []time.Duration
	for _, name := range names {
		sorted = append(sorted, l.byTable[name]...)
	}
	slices.Sort(sorted)
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// company is a tenant of a size whose rows can all be seen within seconds of their arrival: what an audit
// finds and reads again is another matter.
func company(rowsPerDay int) *tenant.Config {
	c := tenant.DefaultConfig()
	c.Start, c.History, c.RowsPerDay, c.HiddenShare = epoch, 2*time.Hour, rowsPerDay, 0
	return &c
}

// measured is what a run has cost.
type measured struct {
	*fakeTime
	lags   *lags
	length time.Duration
	cfg    *Config
}

// measure reads a tenant for a time, with the service's limits and the default configuration. prepare runs before
// the receiver does, and beside while it does.
func measure(t *testing.T, rowsPerDay int, length, latency time.Duration, edit func(*Config), prepare, beside func(*fakeTime), check func(measured)) {
	t.Helper()
	if raceEnabled {
		t.Skip("it takes minutes under the race detector; make test runs it without it")
	}
	t.Parallel()
	limits := defendersim.DefaultLimits()
	s := newStage(t, defendersim.Options{Tenant: company(rowsPerDay), Limits: &limits, Quirks: defendersim.DefaultQuirks()})
	s.inFakeTime(latency, func(b *fakeTime) {
		cfg := b.config(append(slices.Clone(eventTables), "Alerts", "DeviceInfo", "IdentityInfo")...)
		cfg.HumanAccountsOnly = true
		edit(cfg)
		m := measured{fakeTime: b, lags: &lags{byTable: map[string][]time.Duration{}}, length: length, cfg: cfg}
		if prepare != nil {
			prepare(b)
		}
		r := b.create(cfg)
		r.now, r.next = b.Now, m.lags
		require.NoError(b.t, r.Start(b.t.Context(), b.Host()))
		if beside != nil {
			beside(b)
		}
		time.Sleep(time.Until(epoch.Add(length)))
		check(m)
		assert.NoError(b.t, r.Shutdown(context.Background()))
	})
}

// returnedPerDelivered is about the tables whose rows are read once.
func (m measured) returnedPerDelivered() float64 {
	var returned int64
	delivered := 0
	for _, name := range eventTables {
		report := m.Sim.Report().Table(name)
		returned += report.RowsReturned - report.RowsOfCounts
		delivered += m.delivered(name)
	}
	return float64(returned) / float64(max(delivered, 1))
}

// delivered is the rows that the metric counts of a table.
func (m measured) delivered(table string) int {
	metric, err := m.Metrics.GetMetric("otelcol_receiver_defender_rows")
	require.NoError(m.t, err)
	for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		name, _ := point.Attributes.Value("table")
		if result, _ := point.Attributes.Value("outcome"); name.AsString() == table && result.AsString() == string(delivered) {
			return int(point.Value)
		}
	}
	return 0
}

// print says what a tenant costs.
func (m measured) print(name string) {
	report, hours := m.Sim.Report(), m.length.Hours()
	var scanned int64
	for _, table := range report.Tables {
		scanned += table.RowsScanned
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %d rows delivered, %.0f queries an hour, %.1f rows scanned and %.4f rows of events returned per row delivered, %s of CPU an hour",
		name, m.length, m.lags.rows, float64(len(m.Sent()))/hours, float64(scanned)/float64(max(m.lags.rows, 1)), m.returnedPerDelivered(),
		time.Duration(float64(report.CPU)/hours).Round(time.Millisecond))
	for _, table := range append(slices.Clone(eventTables), "Alerts") {
		fmt.Fprintf(&b, "\n  %-21s lag p50 %7s  p99 %7s", table, m.lags.quantile(0.5, table).Round(time.Second), m.lags.quantile(0.99, table).Round(time.Second))
	}
	m.t.Log(b.String())
}

// frugal asserts what holds for every tenant.
func (m measured) frugal() {
	assert.Zero(m.t, m.Sim.Report().Throttled, "no 429")
	assert.LessOrEqual(m.t, m.returnedPerDelivered(), 1.01)
	m.withinShare()
}

// withinShare looks at every rolling window.
func (m measured) withinShare() {
	t, limits := m.t, m.cfg.Quota.limits()
	sent, spent := m.Sent(), m.Spent()
	for _, limit := range limits.Requests {
		most, from := 0, 0
		for i, at := range sent {
			for !sent[from].After(at.Add(-limit.Window)) {
				from++
			}
			most = max(most, i-from+1)
		}
		assert.LessOrEqual(t, float64(most), limit.Amount, "requests in %s", limit.Window)
	}
	for _, limit := range limits.CPU {
		most, sum, from := 0.0, 0.0, 0
		for _, c := range spent {
			sum += c.Spent.Seconds()
			for !spent[from].At.After(c.At.Add(-limit.Window)) {
				sum -= spent[from].Spent.Seconds()
				from++
			}
			most = max(most, sum)
		}
		assert.LessOrEqual(t, most, limit.Amount, "time on the service in %s", limit.Window)
	}
}

// inTime asserts that rows of priority 1 come within poll_interval and settle.
func (m measured) inTime() {
	interval := m.cfg.Tables[logons].PollInterval
	if interval == 0 {
		interval = m.cfg.PollInterval
	}
	assert.LessOrEqual(m.t, m.lags.quantile(0.99, logons), interval+m.cfg.Settle, "priority 1")
}

// What tenants of three sizes cost. The large one has a twenty-fifth of the rows of one with 75 million raw
// rows a day and asks for a twenty-fifth in a page, so it needs as many queries.
func TestCosts(t *testing.T) {
	for name, size := range map[string]struct {
		rowsPerDay, pageRows int
		length               time.Duration
	}{
		"quiet": {5_000, 50_000, 6 * time.Hour}, "normal": {400_000, 50_000, 3 * time.Hour}, "large": {3_000_000, 2_000, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			measure(t, size.rowsPerDay, size.length, time.Second, func(cfg *Config) { cfg.Page.MaxRows = size.pageRows }, nil, nil, func(m measured) {
				m.print(name)
				m.frugal()
				m.inTime()
				if name != "quiet" {
					return
				}
				polls := float64(m.length) / (0.8 * float64(m.cfg.PollInterval))
				for _, table := range eventTables {
					// And each hour the audit's count, and the question whether the service still says when rows arrived.
					assert.LessOrEqual(t, float64(m.Sim.Report().Table(table).Queries), polls+2*m.length.Hours()+10, table)
				}
			})
		})
	}
}

// Queries that take three seconds want more than the quota has. Priority 1 is in time all the same, the
// others carry the shortage, and nobody is throttled.
func TestShortage(t *testing.T) {
	measure(t, 100_000, 8*time.Hour, 3*time.Second, everyMinute, nil, nil, func(m measured) {
		m.print("short of quota")
		m.frugal()
		m.inTime()
		lowest := m.lags.quantile(0.5, "DeviceRegistryEvents")
		assert.Greater(m.t, lowest, m.lags.quantile(0.5, "DeviceProcessEvents"))
		assert.Greater(m.t, lowest, 10*time.Minute, "there is a shortage")
		assert.Less(m.t, m.lags.quantile(0.02, "DeviceRegistryEvents"), 15*time.Minute, "a turn that came late brings what came meanwhile")
		for _, table := range eventTables {
			assert.Less(m.t, m.lags.quantile(0.99, table), m.length/2, "%s starves", table)
			assert.True(m.t, m.cursor(table).CompleteUntil.After(epoch.Add(m.length*5/8)), "%s starves", table)
		}
		assert.True(m.t, m.Status.Notes("quota does not suffice"), "the status says so")
	})
}

// Analysts who use their half in bursts are not in the way, nor is the collector in theirs.
func TestAnalystsUseTheirHalf(t *testing.T) {
	measure(t, 20_000, 2*time.Hour, time.Second, everyMinute, nil, func(b *fakeTime) {
		analyst := b.analyst()
		go func() {
			for time.Now().Before(epoch.Add(2*time.Hour - 15*time.Minute)) {
				for range 22 {
					rows, err := analyst.Query(b.t.Context(), "DeviceInfo | take 1", nil)
					if assert.NoError(b.t, err) {
						assert.NoError(b.t, rows.Close())
					}
				}
				time.Sleep(2 * time.Minute)
			}
		}()
	}, func(m measured) {
		m.print("beside analysts")
		m.frugal()
		m.inTime()
	})
}

// Analysts who use all there is are given way to: after each 429 the collector waits, and delivers what it
// could not read then.
func TestAnalystsUseAll(t *testing.T) {
	measure(t, 20_000, 90*time.Minute, time.Second, everyMinute, nil, func(b *fakeTime) {
		analyst := b.analyst()
		go func() {
			time.Sleep(20 * time.Minute)
			for time.Now().Before(epoch.Add(50 * time.Minute)) {
				if rows, err := analyst.Query(b.t.Context(), "DeviceInfo | take 1", nil); err == nil {
					_ = rows.Close()
				}
				time.Sleep(200 * time.Millisecond)
			}
		}()
	}, func(m measured) {
		assert.Positive(m.t, m.Sim.Report().Throttled)
		m.withinShare()
		for _, table := range eventTables {
			assert.False(m.t, m.paused(table), "a 429 is no failure")
			assert.True(m.t, m.cursor(table).CompleteUntil.After(epoch.Add(m.length-20*time.Minute)), table)
		}
	})
}

// everyMinute polls logons each minute.
func everyMinute(cfg *Config) {
	table := cfg.Tables[logons]
	table.PollInterval = time.Minute
	cfg.Tables[logons] = table
}
