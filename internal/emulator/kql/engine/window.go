package engine

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// window collects the functions of one operator that look at other rows. Each gets a pinned slot,
// filled before the operator runs.
type window struct {
	rel   *relation
	items []windowItem
}

type windowItem struct {
	slot   int
	value  *expr
	offset int // -1: prev, 1: next
}

// bindNeighbour binds prev(x) and next(x): x in the row before or after, null where there is none.
func bindNeighbour(c *exprBinder, n *syntax.Node) (*expr, error) {
	if c.window == nil || !c.window.rel.serialized {
		return nil, c.fail(n, "Function '%s' cannot be invoked in current context. Details: the row set must be serialized.", n.Text)
	}
	if len(n.Args) != 1 {
		return nil, c.arity(n, 1, 1)
	}
	e, err := c.bind(n.Args[0])
	if err != nil {
		return nil, err
	}
	item := windowItem{value: e, offset: 1, slot: c.window.rel.frame.pin()}
	if n.Text == "prev" {
		item.offset = -1
	}
	c.window.items = append(c.window.items, item)
	return readSlot(relationColumn{Column: Column{Type: e.typ}, slot: item.slot}), nil
}

// apply is rel with the window functions' slots filled.
func (w *window) apply(rel *relation) *relation {
	if w == nil || len(w.items) == 0 {
		return rel
	}
	out := rel.after(func(x *execution, yield func(*record) bool) {
		rows := collect(x, rel)
		r := rel.frame.record(x)
		for _, item := range w.items {
			item.run(r, rows)
		}
		replay(x, r, rows, yield)
	})
	out.scan, out.sort = nil, nil
	return out
}

func (item windowItem) run(r *record, rows []kept) {
	pin := 0
	for r.frame.pinned[pin] != item.slot {
		pin++
	}
	values := make([]value.Value, len(rows))
	for i := range rows {
		r.restore(rows[i])
		values[i] = item.value.eval(r)
	}
	for i := range rows {
		v := value.Null(item.value.typ)
		if j := i + item.offset; j >= 0 && j < len(rows) {
			v = values[j]
		}
		rows[i].pinned[pin] = v
	}
}

// collect holds all of rel's rows.
func collect(x *execution, rel *relation) []kept {
	var rows []kept
	rel.produce(x, func(r *record) bool {
		rows = append(rows, r.keep())
		return x.err == nil
	})
	return rows
}

// replay yields rows held back.
func replay(x *execution, r *record, rows []kept, yield func(*record) bool) {
	for _, k := range rows {
		r.restore(k)
		if !x.step() || !yield(r) {
			return
		}
	}
}
