// Package reach tells whoever makes a call of a pipeline whether something of it reached what stands behind the
// processors. A processor that drops records accepts a call without asking anybody: such a call says nothing about
// the destination.
package reach

import (
	"context"
	"sync/atomic"
)

type key struct{}

// Count is what processors say of one call.
type Count struct{ judged, passed atomic.Int64 }

// Watch returns a context for one call, and the count of what its processors say.
func Watch(ctx context.Context) (context.Context, *Count) {
	count := new(Count)
	return context.WithValue(ctx, key{}, count), count
}

// Judged says that a processor decides which records of the call go on.
func Judged(ctx context.Context) {
	if count, ok := ctx.Value(key{}).(*Count); ok {
		count.judged.Add(1)
	}
}

// Passed says that the components behind the processor took so many records.
func Passed(ctx context.Context, records int) {
	if count, ok := ctx.Value(key{}).(*Count); ok {
		count.passed.Add(int64(records))
	}
}

// Reached reports whether a call that succeeded says something about the destination: a processor has handed records
// on, or no processor has said that it decides.
func (c *Count) Reached() bool { return c.judged.Load() == 0 || c.passed.Load() > 0 }
