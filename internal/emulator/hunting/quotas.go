package hunting

import (
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
)

// CPU that a query is said to cost. The figures are made up; their order of magnitude is that of the
// one Stats object Microsoft publishes.
const (
	cpuPerQuery       = 20 * time.Millisecond
	cpuPerRowScanned  = 2 * time.Microsecond
	cpuPerRowReturned = 20 * time.Microsecond
)

func queryCPU(scanned, returned int64) time.Duration {
	return cpuPerQuery + time.Duration(scanned)*cpuPerRowScanned + time.Duration(returned)*cpuPerRowReturned
}

// quotas counts what the tenant has used up. Both APIs share it, as they do in the service.
type quotas struct {
	now    func() time.Time
	limits Limits

	mu       sync.Mutex  // guards everything below
	calls    []time.Time // admitted within the last hour, oldest first
	cycle    time.Time   // start of the quarter hour that cpu belongs to
	cpu      time.Duration
	totalCPU time.Duration
}

// admit counts a call, or says why it may not be made and when it may.
func (q *quotas) admit() *answer.Failure {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	for len(q.calls) > 0 && !q.calls[0].After(now.Add(-time.Hour)) {
		q.calls = q.calls[1:]
	}
	for _, window := range []struct {
		length  time.Duration
		maximum int
	}{{time.Minute, q.limits.CallsPerMinute}, {time.Hour, q.limits.CallsPerHour}} {
		if window.maximum <= 0 || len(q.calls) < window.maximum {
			continue
		}
		oldest := q.calls[len(q.calls)-window.maximum]
		if wait := oldest.Add(window.length).Sub(now); wait > 0 {
			return answer.TooManyCalls(window.maximum, window.length, wait)
		}
	}
	q.turnCycle(now)
	if q.limits.CPUPerQuarterHour > 0 && q.cpu >= q.limits.CPUPerQuarterHour {
		return answer.TooMuchCPU(q.cycle.Add(answer.CPUCycle).Sub(now))
	}
	q.calls = append(q.calls, now)
	return nil
}

// spend charges what a query cost.
func (q *quotas) spend(cpu time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turnCycle(q.now())
	q.cpu += cpu
	q.totalCPU += cpu
}

func (q *quotas) spent() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.totalCPU
}

// turnCycle starts the count anew when a quarter hour has begun. The caller holds q.mu.
func (q *quotas) turnCycle(now time.Time) {
	if cycle := now.UTC().Truncate(answer.CPUCycle); !cycle.Equal(q.cycle) {
		q.cycle, q.cpu = cycle, 0
	}
}
