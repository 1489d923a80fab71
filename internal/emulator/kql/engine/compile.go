package engine

import (
	"context"
	"math/rand/v2"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// Query is a query that parsed and whose names and types are right. It may run several times, also
// at once.
type Query struct {
	options Options
	result  *relation
}

// Compile parses and binds text. Its errors are of type *syntax.Error.
func Compile(db Database, text string, opts Options) (*Query, error) {
	statements, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	b := &binder{db: db, options: opts}
	result, err := b.query(statements)
	if err != nil {
		return nil, err
	}
	return &Query{options: opts, result: result}, nil
}

// Columns are the columns of the result.
func (q *Query) Columns() []Column { return q.result.schema() }

// Run calls yield for each row of the result in order, until it returns false. The slice is valid
// only until yield returns; the values in it stay valid.
func (q *Query) Run(ctx context.Context, yield func([]value.Value) bool) (Stats, error) {
	x := &execution{
		ctx:    ctx,
		random: rand.New(rand.NewPCG(q.options.Seed, 0x9e3779b97f4a7c15)), // repeatable by intent
		once:   map[any]any{},
	}
	row := make([]value.Value, len(q.result.columns))
	emit := func(r *record) bool {
		q.result.row(r, row)
		if x.err != nil {
			return false
		}
		x.stats.RowsReturned++
		return yield(row)
	}
	if q.result.ordered {
		q.result.produce(x, emit)
	} else {
		shuffled(x, q.result, emit)
	}
	return x.stats, x.err
}

// shuffleBlock bounds the rows held back to lose their order; it exceeds the service's row limit, so
// that whatever the service would return is shuffled as a whole.
const shuffleBlock = 1 << 17

func shuffled(x *execution, in *relation, yield func(*record) bool) {
	var block []kept
	out := in.frame.record(x)
	flush := func() bool {
		x.random.Shuffle(len(block), func(i, j int) { block[i], block[j] = block[j], block[i] })
		for _, k := range block {
			out.restore(k)
			if !yield(out) {
				return false
			}
		}
		block = block[:0]
		return true
	}
	stopped := false
	in.produce(x, func(r *record) bool {
		block = append(block, r.keep())
		if len(block) == shuffleBlock {
			stopped = !flush()
		}
		return !stopped
	})
	if !stopped && x.err == nil {
		flush()
	}
}
