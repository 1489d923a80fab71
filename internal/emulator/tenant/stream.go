package tenant

import (
	"context"
	"math"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

// stream is an endless series of buckets of rows.
type stream struct {
	width int64 // of a bucket, in ticks
	// Offsets from a bucket's start within which all its rows' times lie.
	ingestion, event engine.Range
	// fill sets r to each row of the bucket that begins at start, and stops when emit returns false.
	fill func(r *row, start int64, emit func() bool) bool
}

// buckets gives the numbers of the first and last bucket that may have rows within b.
func (s *stream) buckets(since int64, b engine.Bounds) (first, last int64) {
	from := max(since-s.ingestion.To, sub(b.IngestionTime.From, s.ingestion.To), sub(b.Timestamp.From, s.event.To))
	to := min(sub(b.AsOf, s.ingestion.From), sub(b.IngestionTime.To, s.ingestion.From), sub(b.Timestamp.To, s.event.From))
	return floorDiv(from, s.width), floorDiv(to, s.width)
}

// sub is a-b, held at the ends of the number range: an open range of a query ends there.
func sub(a, b int64) int64 {
	switch {
	case b > 0 && a < math.MinInt64+b:
		return math.MinInt64
	case b < 0 && a > math.MaxInt64+b:
		return math.MaxInt64
	}
	return a - b
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Scan implements engine.Table.
func (t *table) Scan(ctx context.Context, b engine.Bounds, yield func(engine.Row) bool) error {
	b.Timestamp, b.IngestionTime = b.Timestamp.Open(), b.IngestionTime.Open()
	r := &row{table: t, scratch: new(activity)}
	emit := func() bool {
		if r.ingestion < t.since || r.ingestion > b.AsOf || r.visible > b.AsOf ||
			!b.IngestionTime.Contains(r.ingestion) || !b.Timestamp.Contains(r.event) {
			return true
		}
		r.act = nil
		return yield(r)
	}
	for _, s := range t.streams {
		first, last := s.buckets(t.since, b)
		if last < first {
			continue
		}
		n := last - first + 1
		step := stride(n)
		at := int64(derive(t.key, uint64(n)) % uint64(n))
		for range n {
			at = (at + step) % n
			if err := ctx.Err(); err != nil {
				return err
			}
			if !s.fill(r, (first+at)*s.width, emit) {
				return nil
			}
		}
	}
	return nil
}

// stride is a step that meets each of n buckets once, in an order that is of no use.
func stride(n int64) int64 {
	step := n*5/8 + 1
	for gcd(step, n) != 1 {
		step++
	}
	return step % n
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
