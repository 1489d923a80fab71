package engine

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"

// frame is a stretch of a pipeline in which each row in gives at most one row out. Its slots are the
// columns of the row it begins with, then whatever expressions add.
type frame struct {
	slots  []slot
	pinned []int // slots that hold what cannot be computed again from the row, such as prev(x)
}

type slotKind uint8

const (
	sourceSlot slotKind = iota
	computedSlot
	pinnedSlot
)

type slot struct {
	kind       slotKind
	source     int   // sourceSlot: the column of the row
	expression *expr // computedSlot
}

func newFrame(columns int) *frame {
	f := &frame{slots: make([]slot, columns)}
	for i := range columns {
		f.slots[i].source = i
	}
	return f
}

func (f *frame) compute(e *expr) int {
	f.slots = append(f.slots, slot{kind: computedSlot, expression: e})
	return len(f.slots) - 1
}

func (f *frame) pin() int {
	f.slots = append(f.slots, slot{kind: pinnedSlot})
	f.pinned = append(f.pinned, len(f.slots)-1)
	return len(f.slots) - 1
}

// record is the current row of a frame. It remembers what has been computed until the next load.
type record struct {
	run    *execution
	frame  *frame
	source Row
	values []value.Value
	known  []uint32 // the load in which the value was computed
	load   uint32
	holder *heldRow // whose row it shows, if an aggregate's
}

func (f *frame) record(x *execution) *record {
	return &record{run: x, frame: f, values: make([]value.Value, len(f.slots)), known: make([]uint32, len(f.slots))}
}

func (r *record) begin(source Row) {
	r.source, r.holder = source, nil
	r.load++
	if r.load == 0 { // after 2^32 rows the marks would repeat
		clear(r.known)
		r.load = 1
	}
}

func (r *record) get(i int) value.Value {
	if r.known[i] == r.load {
		return r.values[i]
	}
	var v value.Value
	switch s := &r.frame.slots[i]; s.kind {
	case sourceSlot:
		v = r.source.Value(s.source)
	case computedSlot:
		v = s.expression.eval(r)
	case pinnedSlot:
	}
	r.set(i, v)
	return v
}

func (r *record) set(i int, v value.Value) {
	r.values[i] = v
	r.known[i] = r.load
}

// kept is a record that outlives the next load: the row and what cannot be computed from it.
type kept struct {
	source Row
	pinned []value.Value
}

func (r *record) keep() kept {
	k := kept{source: r.source.Clone()}
	if len(r.frame.pinned) > 0 {
		k.pinned = make([]value.Value, len(r.frame.pinned))
		for i, slot := range r.frame.pinned {
			k.pinned[i] = r.get(slot)
		}
	}
	return k
}

func (r *record) restore(k kept) {
	r.begin(k.source)
	for i, v := range k.pinned {
		r.set(r.frame.pinned[i], v)
	}
}

// heldRow is a row held by an aggregate or a join. Its columns are computed when the result asks for them.
type heldRow struct{ row kept }

// show makes r show the row.
func (h *heldRow) show(r *record) {
	if r.holder != h {
		r.restore(h.row)
		r.holder = h
	}
}
