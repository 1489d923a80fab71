package order

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/reach"
)

// AttributeLate marks a record that cannot be in order: one of the same person with a later Timestamp has been handed
// on before, of whatever table.
const AttributeLate = "total.late"

// maxOrdered is of how many persons, and pairs of person and table, the newest Timestamp is remembered, at least; twice
// as many at most. An entry takes some 40 bytes.
const maxOrdered = 1_000_000

// Order stands between the processor and the next consumer and marks what is late. What counts is
// what the next consumer has accepted in calls that ended before: a refused call leaves no trace, so
// that its retry is not late by itself. Rows of the historical pull are out of order by nature; they
// are neither marked nor make others late.
type Order struct {
	next     consumer.Logs
	domainID string
	markLate func(pcommon.Value)
	limit    int
	// turn is held by the one call that is under way: of two at once nobody could tell which lands first.
	turn chan struct{}

	mu sync.Mutex // guards everything below
	// newest is the newest Timestamp of each person, and of each person and table, that was handed on. What newest has
	// no room for is forgotten by turns: before is the newest of the turn before.
	newest, before map[uint64]pcommon.Timestamp
	// changed are the keys whose stored Timestamp is another; nil: nothing is stored.
	changed map[uint64]struct{}
}

// New returns an order in front of next. Where an event of the same person and table with a later Timestamp was handed
// on before, markLate says so in the body.
func New(next consumer.Logs, domainID string, markLate func(pcommon.Value)) *Order {
	return &Order{
		next: next, domainID: domainID, markLate: markLate, limit: maxOrdered,
		turn: make(chan struct{}, 1), newest: map[uint64]pcommon.Timestamp{},
	}
}

// Capabilities implements consumer.Logs.
func (o *Order) Capabilities() consumer.Capabilities { return o.next.Capabilities() }

// ConsumeLogs implements consumer.Logs.
func (o *Order) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	handedOn := o.mark(logs)
	records := logs.LogRecordCount() // before the next component changes it
	if err := o.next.ConsumeLogs(ctx, logs); err != nil {
		return err
	}
	o.accepted(handedOn)
	reach.Passed(ctx, records)
	return nil
}

// mark marks the late records and returns the newest Timestamp of each person, and of each person and table.
func (o *Order) mark(logs plog.Logs) map[uint64]pcommon.Timestamp {
	newest := map[uint64]pcommon.Timestamp{}
	for _, resource := range logs.ResourceLogs().All() {
		if !o.isGroup(resource.Resource().Attributes()) {
			continue
		}
		m := marking{order: o, person: o.laneOf(hashOf(resource.Resource().Attributes()))}
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				m.mark(record)
			}
		}
		for _, l := range append(m.tables, m.person) {
			if l.newest > 0 {
				newest[l.key] = max(newest[l.key], l.newest)
			}
		}
	}
	return newest
}

// marking goes through the records of one person. Maps and hashes are asked for each table, not for each record.
type marking struct {
	order  *Order
	person lane
	tables []lane // few
}

// lane is what is in order by itself: the events of a person, or those of a person and a table.
type lane struct {
	table         string
	key           uint64
	known, newest pcommon.Timestamp // in earlier calls, and in this one
}

func (o *Order) laneOf(key uint64) lane { return lane{key: key, known: o.newestOf(key)} }

func (m *marking) mark(record plog.LogRecord) {
	at := record.Timestamp()
	if at == 0 || logrecord.IsBackfill(record) {
		return
	}
	if at < m.person.known {
		record.Attributes().PutBool(AttributeLate, true)
	}
	ofTable := m.ofTable(record)
	if at < ofTable.known {
		m.order.markLate(record.Body())
	}
	m.person.newest, ofTable.newest = max(m.person.newest, at), max(ofTable.newest, at)
}

func (m *marking) ofTable(record plog.LogRecord) *lane {
	table := ""
	if v, ok := record.Attributes().Get(logrecord.AttributeTable); ok {
		table = v.AsString()
	}
	for i := range m.tables {
		if m.tables[i].table == table {
			return &m.tables[i]
		}
	}
	l := m.order.laneOf(withTable(m.person.key, table))
	l.table = table
	m.tables = append(m.tables, l)
	return &m.tables[len(m.tables)-1]
}

func (o *Order) newestOf(key uint64) pcommon.Timestamp {
	o.mu.Lock()
	defer o.mu.Unlock()
	return max(o.newest[key], o.before[key])
}

func (o *Order) accepted(newest map[uint64]pcommon.Timestamp) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, at := range newest {
		known := max(o.newest[key], o.before[key])
		if _, ok := o.newest[key]; !ok && len(o.newest) >= o.limit {
			for forgotten := range o.before {
				o.change(forgotten)
			}
			o.before, o.newest = o.newest, map[uint64]pcommon.Timestamp{}
		}
		if o.newest[key] = max(at, known); at > known {
			o.change(key)
		}
	}
}

// isGroup tells a person's events from records that are passed on as they are.
func (o *Order) isGroup(resource pcommon.Map) bool {
	domainID, ok := resource.Get(AttributeDomainID)
	return ok && domainID.Type() == pcommon.ValueTypeStr && domainID.Str() == o.domainID
}

// hashOf tells groups apart as an exporter does that partitions by resource attributes.
func hashOf(resource pcommon.Map) uint64 {
	pairs := make([][2]string, 0, resource.Len())
	for name, v := range resource.All() {
		pairs = append(pairs, [2]string{name, v.AsString()})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
	h := newHash()
	for _, pair := range pairs {
		for _, text := range pair {
			h = h.text(text).byte(0)
		}
	}
	return uint64(h)
}

// withTable is the key of a person's events of a table; without one, empty.
func withTable(person uint64, table string) uint64 {
	h := newHash()
	for range 8 {
		h = h.byte(byte(person))
		person >>= 8
	}
	return uint64(h.text(table))
}

// hash is FNV-1a, which is the same after a restart. That of hash/fnv takes an allocation, and a copy of each text.
type hash uint64

func newHash() hash { return 14695981039346656037 }

func (h hash) byte(b byte) hash { return (h ^ hash(b)) * 1099511628211 }

func (h hash) text(text string) hash {
	for i := range len(text) {
		h = h.byte(text[i])
	}
	return h
}

// change notes that a Timestamp is to be stored, or forgotten. mu is held.
func (o *Order) change(key uint64) {
	if o.changed != nil {
		o.changed[key] = struct{}{}
	}
}
