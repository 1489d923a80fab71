package defenderreceiver

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// limits is the receiver's share of the tenant's quota.
func (c QuotaConfig) limits() scheduler.Limits {
	share := func(window time.Duration, amount float64) scheduler.Limit {
		return scheduler.Limit{Window: window, Amount: amount}.Share(c.Share)
	}
	return scheduler.Limits{
		Slots: c.MaxConcurrentQueries,
		Requests: []scheduler.Limit{
			share(time.Minute, float64(c.RequestsPerMinute)),
			share(time.Hour, float64(c.RequestsPerHour)),
		},
		CPU: []scheduler.Limit{
			share(time.Hour, c.CPUPerHour.Seconds()),
			share(24*time.Hour, c.CPUPerDay.Seconds()),
		},
	}
}
