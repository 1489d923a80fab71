package scheduler

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// member is a receiver in its tenant: what it may have, and what its queries hold.
type member struct {
	name   string
	limits quota.Limits
	dirty  chan struct{} // something is to be stored
	notify chan struct{} // something is to be reported

	// What follows is guarded by the tenant's mu.

	free     int           // slots
	running  int           // queries that were granted and not charged yet
	estimate time.Duration // of what they cost
	reserve  reserve
	clock    clock
}

func newMember(name string, slots int, limits quota.Limits, r reserve) *member {
	return &member{
		name: name, limits: limits, free: slots, reserve: r, dirty: make(chan struct{}, 1), notify: make(chan struct{}, 1),
	}
}

// maySend reports whether a request may be sent: the storage counts it already.
func (m *member) maySend() bool { return m.reserve.suffices() }

// mayBegin reports whether another query may begin: with a slot, and with verified clocks or alone.
func (m *member) mayBegin() bool { return m.free > 0 && (m.clock.isVerified() || m.running == 0) }

// begin gives a query a slot.
func (m *member) begin(estimate time.Duration) {
	m.free--
	m.running++
	m.estimate += estimate
}

// end takes a query out whose cost is known. Its slot was freed before.
func (m *member) end(estimate time.Duration) {
	m.running--
	m.estimate -= estimate
}

func (m *member) spentRequest() {
	if m.reserve.takeRequest() {
		signal(m.dirty)
	}
}

func (m *member) spentCPU(cost time.Duration) {
	if m.reserve.takeCPU(cost) {
		signal(m.dirty)
	}
}

// signal wakes the listener of a channel. Signals that it has not taken yet are one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
