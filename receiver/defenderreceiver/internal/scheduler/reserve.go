package scheduler

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// reserve is what the storage counts as spent and was not spent, and what was spent and is not stored.
type reserve struct {
	kept     bool          // a storage remembers what is spent; else nothing is reserved
	requests int           // that a write reserves
	unstored time.Duration // of CPU that is spent at most before it is stored

	left    int           // requests of the reserve that were not sent yet
	cpu     time.Duration // spent and not stored
	failure error         // of the last write
}

// newReserve is the reserve of a receiver with a storage, before the first write.
func newReserve(limits quota.Limits) reserve {
	requests := float64(maxReserve)
	for _, limit := range limits.Requests {
		requests = min(requests, limit.Amount*reserveShare)
	}
	return reserve{
		kept: true, requests: max(int(requests), 1), unstored: min(limits.LeastCPU(), time.Hour) / unstoredDivisor,
	}
}

// suffices reports whether another request is covered.
func (r *reserve) suffices() bool { return !r.kept || r.left > 0 }

// takeRequest takes a request out, and reports whether the reserve is to be renewed.
func (r *reserve) takeRequest() bool {
	if r.kept {
		r.left--
	}
	return r.kept && r.left <= r.requests/renewDivisor
}

// takeCPU counts what a query has cost, and reports whether it is to be stored.
func (r *reserve) takeCPU(cost time.Duration) bool {
	r.cpu += cost
	return r.kept && r.cpu >= r.unstored
}

// renew takes a write into account that was begun with the reserve of before. What was spent while it went on came out
// of the old reserve and counts against the new.
func (r *reserve) renew(requests int, before reserve) {
	r.left += requests - before.left
	r.cpu -= before.cpu
}
