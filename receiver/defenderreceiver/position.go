package defenderreceiver

import (
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
)

// position is how far a table was delivered. Only the table's own loop touches it.
type position struct {
	// completeUntil: every row that arrived before it was delivered. It never moves back, but for an
	// answer that turns out to be out of order.
	completeUntil time.Time
	// beyond are the rows that arrived at completeUntil or later and were delivered.
	beyond map[uuid.UUID]time.Time
}

func newPosition(c checkpoint.Cursor) *position {
	p := &position{completeUntil: c.CompleteUntil, beyond: map[uuid.UUID]time.Time{}}
	for _, row := range c.Delivered {
		p.beyond[row.UID] = row.Arrived
	}
	return p
}

func (p *position) delivered(uid uuid.UUID) bool {
	_, ok := p.beyond[uid]
	return ok
}

func (p *position) add(row checkpoint.Row) { p.beyond[row.UID] = row.Arrived }

// advance says that all rows that arrived before to were delivered.
func (p *position) advance(to time.Time) {
	if !to.After(p.completeUntil) {
		return
	}
	p.completeUntil = to
	for uid, arrived := range p.beyond {
		if arrived.Before(to) {
			delete(p.beyond, uid)
		}
	}
}

// retract takes an advance back: rows that arrived from `to` on may be missing, but for those given.
func (p *position) retract(to time.Time, delivered []checkpoint.Row) {
	p.completeUntil = to
	for _, row := range delivered {
		p.add(row)
	}
}

// cursor is the position in the form that is stored.
func (p *position) cursor(tenantID string) checkpoint.Cursor {
	c := checkpoint.Cursor{TenantID: tenantID, CompleteUntil: p.completeUntil}
	for uid, arrived := range p.beyond {
		c.Delivered = append(c.Delivered, checkpoint.Row{UID: uid, Arrived: arrived})
	}
	return c
}
