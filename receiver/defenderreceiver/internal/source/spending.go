package source

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// Spending is what a source may spend of its receiver's share of the quota, beside the order in which the scheduler serves it.
type Spending struct {
	account *quota.Account
	last    time.Duration // of CPU that a query has cost
}

// NewSpending allows a part of the limits of a receiver.
func NewSpending(limits quota.Limits, share float64, now time.Time) *Spending {
	part := quota.Limits{}
	for _, l := range limits.Requests {
		part.Requests = append(part.Requests, l.Share(share))
	}
	for _, l := range limits.CPU {
		part.CPU = append(part.CPU, l.Share(share))
	}
	return &Spending{account: quota.NewAccount(part, now)}
}

const spender = "alert_context"

// Allows reports whether a query may be sent now. It is thought to cost what the last one has, but no more than half of what
// may be spent: else one dear query would be the last.
func (s *Spending) Allows(now time.Time) bool {
	free, known := s.account.FreeAt(now, quota.Urgent, min(s.last, s.account.Limits().LeastCPU()/2))
	return known && !free.After(now)
}

// Spend counts a query.
func (s *Spending) Spend(now time.Time, cpu time.Duration) {
	s.account.Request(spender, now, quota.Urgent, 0)
	s.account.Charge(spender, now, quota.Urgent, 0, cpu)
	s.last = cpu
}
