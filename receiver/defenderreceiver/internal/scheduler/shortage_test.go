package scheduler

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// polling is a table whose queries cost cost apiece and pages queries a poll.
type polling struct {
	table    string
	priority int
	interval time.Duration
	cost     time.Duration
	pages    int
	spare    bool
}

// served is what a run saw of a table.
type served struct {
	queries int
	waits   []time.Duration // from when a query was wished until it was off the service
}

func (s served) quantile(q float64) time.Duration {
	waits := slices.Sorted(slices.Values(s.waits))
	if len(waits) == 0 {
		return 0
	}
	return waits[min(int(q*float64(len(waits))), len(waits)-1)]
}

// simulate polls the tables for a time. What was spent is kept in spend, to be checked afterwards.
func simulate(t *testing.T, s *Scheduler, tables []polling, length time.Duration, spend *spending) map[string]served {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	results := make([]served, len(tables))
	done := make(chan struct{}, len(tables))
	for i, table := range tables {
		go func() {
			defer func() { done <- struct{}{} }()
			random := rand.New(rand.NewPCG(uint64(i), 7))
			for ctx.Err() == nil {
				began := time.Now()
				due := began
				for range table.pages {
					grant, err := s.Acquire(ctx, Turn{Table: table.table, Priority: table.priority, Due: due, Spare: table.spare})
					if err != nil {
						return
					}
					spend.request(time.Now())
					cost := time.Duration((0.7 + 0.3*random.Float64()) * float64(table.cost))
					time.Sleep(cost)
					grant.Release(time.Time{})
					grant.Charge(cost)
					spend.charge(time.Now(), cost)
					results[i].queries++
					results[i].waits = append(results[i].waits, time.Since(due))
					due = time.Now()
				}
				wait := table.interval - time.Duration(0.1*random.Float64()*float64(table.interval)) - time.Since(began)
				select {
				case <-time.After(max(wait, 0)):
				case <-ctx.Done():
				}
			}
		}()
	}
	for range tables {
		<-done
	}
	byTable := map[string]served{}
	for i, table := range tables {
		byTable[table.table] = results[i]
	}
	return byTable
}

// spending is what was spent when.
type spending struct {
	mu            sync.Mutex // guards everything below
	requests, cpu []entry
}

type entry struct {
	at     time.Time
	amount float64
}

func (s *spending) request(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, entry{at, 1})
}

func (s *spending) charge(at time.Time, cost time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cpu = append(s.cpu, entry{at, cost.Seconds()})
}

// within checks every rolling window of every limit.
func (s *spending) within(t *testing.T, limits quota.Limits) {
	t.Helper()
	for _, limit := range limits.Requests {
		assert.LessOrEqual(t, most(s.requests, limit.Window), limit.Amount, "requests in %s", limit.Window)
	}
	for _, limit := range limits.CPU {
		assert.LessOrEqual(t, most(s.cpu, limit.Window), limit.Amount, "CPU in %s", limit.Window)
	}
}

func most(spent []entry, length time.Duration) float64 {
	greatest, sum, from := 0.0, 0.0, 0
	for _, e := range spent {
		sum += e.amount
		for !spent[from].at.After(e.at.Add(-length)) {
			sum -= spent[from].amount
			from++
		}
		greatest = max(greatest, sum)
	}
	return greatest
}

// eight are the default tables: with one query a poll they want 168 queries an hour.
func eight(cost time.Duration, pages int) []polling {
	names := []string{
		"DeviceLogonEvents", "Alerts", "DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents", "DeviceEvents", "DeviceRegistryEvents",
	}
	var tables []polling
	for i, name := range names {
		table := polling{table: name, priority: i + 1, interval: 5 * time.Minute, cost: cost, pages: pages}
		if i == 0 {
			table.interval = time.Minute
		}
		tables = append(tables, table)
	}
	return append(tables, polling{table: "DeviceInfo", priority: 8, interval: time.Hour, cost: cost, pages: 1},
		polling{table: "IdentityInfo", priority: 8, interval: time.Hour, cost: cost, pages: 1})
}

// In a day in which the tables want twice as much as the quota has, the low priorities carry the
// shortage, each the more the lower it is, and none starves.
func TestLowPrioritiesCarryTheShortage(t *testing.T) {
	for name, tables := range map[string][]polling{
		"dear queries": eight(4*time.Second, 1),
		"many pages":   append(eight(1500*time.Millisecond, 1)[:1], eight(1500*time.Millisecond, 6)[1:]...),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reports := make(chan Snapshot, 1000)
				cfg := remembering(collector.NewStorage())
				cfg.Report = func(s Snapshot) { reports <- s }
				s, spend := join(t, cfg), &spending{}
				results := simulate(t, s, tables, 24*time.Hour, spend)
				spend.within(t, half())
				var lines strings.Builder
				for i, table := range tables {
					r := results[table.table]
					fmt.Fprintf(&lines, "\n%-21s priority %d  %5d queries  waited p50 %8s  p99 %8s", table.table, table.priority, r.queries,
						r.quantile(0.5).Round(time.Second), r.quantile(0.99).Round(time.Second))
					// An eighth of the quota is enough for each of eight tables to have a turn of five seconds an hour.
					assert.Less(t, r.quantile(1), 2*time.Hour, "%s starves", table.table)
					if i > 1 && table.interval < time.Hour {
						higher := results[tables[i-1].table]
						assert.GreaterOrEqual(t, r.quantile(0.5)*11/10, higher.quantile(0.5), "%s waits less than one of a higher priority", table.table)
						assert.LessOrEqual(t, r.queries*9/10, higher.queries, "%s has more queries", table.table)
					}
				}
				t.Log(lines.String())
				// A row that has settled waits for the next poll at most an interval, and then for its query.
				assert.LessOrEqual(t, results["DeviceLogonEvents"].quantile(0.99), 15*time.Second)
				assert.Greater(t, most(spend.cpu, 24*time.Hour), 0.8*7200, "what there is is used")
				require.NotEmpty(t, reports)
				assert.True(t, (<-reports).Short)
			})
		})
	}
}

// Where the quota suffices, nobody waits and nothing is said.
func TestNobodyWaitsWithoutShortage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, spend := join(t, remembering(collector.NewStorage())), &spending{}
		results := simulate(t, s, eight(1200*time.Millisecond, 1), 24*time.Hour, spend)
		spend.within(t, half())
		for table, r := range results {
			assert.Less(t, r.quantile(0.99), 20*time.Second, table)
		}
		assert.False(t, s.Short())
	})
}

// Urgent rows in such a flood that they could use up all there is leave the others their trickle.
func TestAFloodOfPriorityOneLeavesATrickle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tables := eight(2*time.Second, 1)
		tables[0].pages, tables[0].interval = 1, 0
		spend := &spending{}
		results := simulate(t, join(t, remembering(collector.NewStorage())), tables, 24*time.Hour, spend)
		spend.within(t, half())
		for _, table := range tables[1:7] {
			r := results[table.table]
			assert.GreaterOrEqual(t, r.queries, 20, table.table)
			assert.Less(t, r.quantile(1), 90*time.Minute, table.table)
		}
		assert.Greater(t, results["DeviceLogonEvents"].queries, 2000)
	})
}

// In a shortage the table comes first whose rows are the latest for its priority. Those that are far behind share by
// how long they wait, so that none stops the others until it has caught up.
func TestWhatIsBehindComesFirst(t *testing.T) {
	s, now := alone(t, 1, half()), time.Now()
	turn := func(priority int, waited, behind time.Duration) *waiter {
		return &waiter{member: s.member, forQuota: true, turn: Turn{Table: "t", Priority: priority, Due: now.Add(-waited), Behind: behind}}
	}
	s.tenant.mu.Lock()
	defer s.tenant.mu.Unlock()
	const day = 24 * time.Hour
	inShortage := order{budget: &s.tenant.budget, now: now, short: true}
	for name, c := range map[string]struct{ first, second *waiter }{
		"equal waits":              {turn(4, time.Minute, time.Minute), turn(4, time.Minute, 0)},
		"late rows, no wait":       {turn(4, 0, 12*time.Minute), turn(4, 5*time.Minute, 0)},
		"as late, lower":           {turn(3, 0, 10*time.Minute), turn(4, 0, 10*time.Minute)},
		"later than its part":      {turn(4, 0, 16*time.Minute), turn(3, 0, 10*time.Minute)},
		"earlier than its part":    {turn(3, 0, 10*time.Minute), turn(4, 0, 14*time.Minute)},
		"both far behind, waited":  {turn(7, 13*time.Minute, 2*time.Hour), turn(3, 4*time.Minute, day)},
		"both far behind, not yet": {turn(3, 4*time.Minute, day), turn(7, 11*time.Minute, 2*time.Hour)},
		"low and a day behind":     {turn(2, 11*time.Minute, 0), turn(7, 0, day)},
		"priority 1":               {turn(1, 0, 0), turn(2, 10*time.Minute, day)},
	} {
		assert.True(t, inShortage.before(c.first, c.second), name)
		assert.False(t, inShortage.before(c.second, c.first), name)
	}
}
