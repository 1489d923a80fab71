package engine

import (
	"math"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
)

// take binds take. After a sort it gives the first rows, and lets the sort hold no more
// than those. Without an order it draws from more rows than it gives, so that no query can rely on
// which rows come.
func (b *binder) take(o *syntax.Operator, in *relation, s *scope) (*relation, error) {
	c := b.over(o, in, s)
	n, err := rowCount(c, o.Limit)
	if err != nil {
		return nil, err
	}
	produce := func(x *execution, yield func(*record) bool) { sample(x, in, n, yield) }
	if in.serialized {
		if in.sort != nil {
			in.sort.limit = min(in.sort.limit, n)
		}
		produce = func(x *execution, yield func(*record) bool) { first(in, x, n, yield) }
	}
	out := in.after(produce)
	out.scan = nil
	return out, nil
}

func first(in *relation, x *execution, n int, yield func(*record) bool) {
	if n == 0 {
		return
	}
	left := n
	in.produce(x, func(r *record) bool {
		left--
		return yield(r) && left > 0
	})
}

// sampleSurplus is how many rows beyond n an unordered take looks at.
const sampleSurplus = 4096

// sample yields n rows drawn from the first n and some more.
func sample(x *execution, in *relation, n int, yield func(*record) bool) {
	if n == 0 {
		return
	}
	var rows []kept
	seen, most := 0, n
	if n < math.MaxInt-sampleSurplus {
		most = n + sampleSurplus
	}
	in.produce(x, func(r *record) bool {
		seen++
		if len(rows) < n {
			rows = append(rows, r.keep())
		} else if i := x.random.IntN(seen); i < n {
			rows[i] = r.keep()
		}
		return seen < most && x.err == nil
	})
	replay(x, in.frame.record(x), rows, yield)
}
