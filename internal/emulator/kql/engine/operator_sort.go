package engine

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// sort binds sort and order.
func (b *binder) sort(o *syntax.Operator, in *relation, s *scope) (*relation, error) {
	c := b.over(o, in, s)
	sorted := &sorting{limit: math.MaxInt}
	for _, term := range o.Orders {
		key, err := c.bind(term.Expression)
		if err != nil {
			return nil, err
		}
		if key.typ == value.Dynamic {
			return nil, c.fail(term.Expression, "The sort key is of a 'dynamic' type. Please use an explicit cast.")
		}
		sorted.terms = append(sorted.terms, sortTerm{key: key, ascending: term.Ascending})
	}
	in = c.window.apply(in)
	out := in.after(func(x *execution, yield func(*record) bool) { sorted.produce(x, in, yield) })
	out.ordered, out.serialized = true, true
	out.sort, out.scan = sorted, nil
	return out, nil
}

// rowCount binds the number of take, which is a constant.
func rowCount(c *exprBinder, n *syntax.Node) (int, error) {
	e, err := (&exprBinder{b: c.b, scope: c.scope, operator: c.operator}).bind(n)
	if err != nil {
		return 0, err
	}
	if !e.constant || !e.typ.IsInteger() || e.value.IsNull() {
		return 0, c.fail(n, "The number of rows must be a constant integer.")
	}
	return int(min(max(e.value.Int(), 0), math.MaxInt)), nil
}

// sortRow is a row held for sorting; tie decides between rows that the keys do not tell apart.
type sortRow struct {
	kept
	keys []value.Value
	rank int64
	tie  uint64
}

// compare looks at the ranks first, since they settle most pairs without the keys.
func (s *sorting) compare(a, b *sortRow) int {
	if a.rank != b.rank {
		return cmp.Compare(a.rank, b.rank)
	}
	for i := range s.terms {
		if order := s.terms[i].compare(&a.keys[i], &b.keys[i]); order != 0 {
			return order
		}
	}
	return cmp.Compare(a.tie, b.tie)
}

// rank orders values as compare does, but for values of one rank says nothing.
func (t *sortTerm) rank(v *value.Value) int64 {
	var rank int64
	switch {
	case v.IsNull() && t.ascending:
		return math.MinInt64
	case v.IsNull():
		return math.MaxInt64
	case v.Type() == value.String:
		var head [8]byte
		copy(head[:], v.Text())
		rank = int64(binary.BigEndian.Uint64(head[:]) ^ 1<<63) // keeps the order of the bytes
	case v.Type() == value.Real:
		return 0
	default:
		rank = v.Ticks()
	}
	if !t.ascending {
		return ^rank
	}
	return rank
}

func (t *sortTerm) compare(a, b *value.Value) int {
	if a.IsNull() || b.IsNull() || a.IsNaN() || b.IsNaN() {
		return t.compareNulls(a, b)
	}
	order := value.Compare(*a, *b)
	if !t.ascending {
		return -order
	}
	return order
}

func (t *sortTerm) compareNulls(a, b *value.Value) int {
	last := func(v *value.Value) int {
		switch {
		case v.IsNull():
			return 2
		case v.IsNaN():
			return 1
		}
		return 0
	}
	order := cmp.Compare(last(a), last(b))
	if t.ascending {
		return -order
	}
	return order
}

func (s *sorting) produce(x *execution, in *relation, yield func(*record) bool) {
	var rows []sortRow
	if s.limit > 0 {
		rows = s.gather(x, in)
	}
	if x.err != nil {
		return
	}
	s.order(rows)
	out := in.frame.record(x)
	for i := range rows[:min(len(rows), s.limit)] {
		out.restore(rows[i].kept)
		if !yield(out) || x.err != nil {
			return
		}
	}
}

func (s *sorting) order(rows []sortRow) {
	slices.SortFunc(rows, func(a, b sortRow) int { return s.compare(&a, &b) })
}

// sortSlab is for how many rows the keys are allocated at once.
const sortSlab = 1024

// gather holds the rows that come first: all of them or, where only s.limit are wanted, no more than
// twice as many, of which the last half is thrown out whenever there is no room.
func (s *sorting) gather(x *execution, in *relation) []sortRow {
	room := math.MaxInt
	if s.limit < math.MaxInt/4 {
		room = 2*s.limit + sortSlab
	}
	var rows []sortRow
	var slab []value.Value
	var worst *sortRow // of the rows that are surely wanted, once so many have been seen
	candidate := sortRow{keys: make([]value.Value, len(s.terms))}
	in.produce(x, func(r *record) bool {
		for i := range s.terms {
			candidate.keys[i] = s.terms[i].key.eval(r)
		}
		candidate.rank, candidate.tie = s.terms[0].rank(&candidate.keys[0]), x.random.Uint64()
		if worst != nil && s.compare(&candidate, worst) > 0 {
			return x.err == nil
		}
		if cap(slab)-len(slab) < len(s.terms) {
			slab = make([]value.Value, 0, sortSlab*len(s.terms))
		}
		from := len(slab)
		slab = append(slab, candidate.keys...)
		row := candidate
		row.kept, row.keys = r.keep(), slab[from:len(slab):len(slab)]
		rows = append(rows, row)
		if len(rows) == room {
			s.order(rows)
			clear(rows[s.limit:])
			rows = rows[:s.limit]
			last := rows[s.limit-1]
			worst = &last
		}
		return x.err == nil
	})
	return rows
}
