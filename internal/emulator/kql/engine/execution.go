package engine

import (
	"context"
	"math/rand/v2"
)

// Stats counts what a run touched.
type Stats struct {
	RowsScanned, RowsReturned int64
}

// execution is one run of a query.
type execution struct {
	ctx    context.Context
	random *rand.Rand
	stats  Stats
	err    error       // what stopped the run
	steps  int         // rows made, to look at the context now and then
	once   map[any]any // see oncePerRun
}

// fail stops the run; the first error wins.
func (x *execution) fail(err error) {
	if x.err == nil {
		x.err = err
	}
}

// stepsPerCheck is how many rows pass between two looks at the context.
const stepsPerCheck = 1024

// step counts a row and reports whether the run goes on.
func (x *execution) step() bool {
	x.steps++
	if x.steps%stepsPerCheck == 0 {
		if err := x.ctx.Err(); err != nil {
			x.fail(err)
		}
	}
	return x.err == nil
}

// oncePerRun is what compute gave when this run first asked for it.
func oncePerRun[T any](x *execution, key any, compute func() T) T {
	if done, ok := x.once[key].(T); ok {
		return done
	}
	v := compute()
	x.once[key] = v
	return v
}
