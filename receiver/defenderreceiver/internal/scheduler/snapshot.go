package scheduler

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// Snapshot is the state of a receiver's quota.
type Snapshot struct {
	Windows      []quota.Use
	BlockedUntil time.Time // after a 429; zero if the service did not ask to wait
	BlockedBy    string
	Short        bool      // tables wait because the quota does not suffice for all
	Waiting      []Waiting // turns of this receiver, in no order
	StoreFailure error     // of storing what was spent; while it lasts no query is sent
}

// Waiting is a turn that was not given yet.
type Waiting struct {
	Turn
	ForQuota bool // and not only for a slot
}

// isShort reports whether tables wait because the quota does not suffice for all.
func (t *tenant) isShort() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.line.isShort(time.Now())
}

// snapshot is the present state of a member.
func (t *tenant) snapshot(m *member) Snapshot {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	snapshot := Snapshot{Windows: t.budget.account.Uses(now), Short: t.line.isShort(now), StoreFailure: m.reserve.failure}
	if t.block.until.After(now) {
		snapshot.BlockedUntil, snapshot.BlockedBy = t.block.until, t.block.why
	}
	for _, w := range t.line.waiting {
		if w.member == m && !w.again {
			snapshot.Waiting = append(snapshot.Waiting, Waiting{w.turn, w.forQuota})
		}
	}
	return snapshot
}
