package scheduler

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// restore takes over what a member spent before, and reports whether that was not known. If the tenant has gone on
// running, its account is more exact. elapsed is the time since then on this machine's clock.
func (t *tenant) restore(m *member, r quota.Record, elapsed time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.budget.account.Has(m.name) {
		return false
	}
	now := time.Now()
	t.budget.account.Restore(m.name, r, elapsed, now)
	t.budget.estimates.restore(r.Expected, r.ExpectedSpare)
	if until := now.Add(r.BlockedFor - elapsed); until.After(now) && until.After(t.block.until) {
		t.block = block{until, r.BlockedBy}
	}
	if !r.ServiceAt.IsZero() && len(r.Spent) > 0 {
		m.clock = clock{restoredAt: now, storedAt: r.ServiceAt, elapsed: elapsed}
	}
	return true
}

// record is what is stored of a member, and its reserve before that.
func (t *tenant) record(m *member, last bool) (quota.Record, reserve) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	record := t.budget.account.Record(m.name, now)
	record.Expected, record.ExpectedSpare = t.budget.estimates.highest(false), t.budget.estimates.highest(true)
	if !last {
		record.Reserve = quota.Cost{Requests: m.reserve.requests, CPU: m.reserve.unstored + m.estimate}
	}
	record.ServiceAt = m.clock.serviceAt(now)
	if t.block.until.After(now) {
		record.BlockedFor, record.BlockedBy = t.block.until.Sub(now), t.block.why
	}
	return record, m.reserve
}

// written notes how a write has ended that reserved requests and was begun with the reserve of before.
func (t *tenant) written(m *member, requests int, before reserve, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if (m.reserve.failure == nil) != (err == nil) {
		signal(m.notify)
	}
	m.reserve.failure = err
	if err != nil {
		return
	}
	m.reserve.renew(requests, before)
	t.dispatch()
}
