package delivery

import (
	"context"
	"fmt"
	"time"
)

// Outlet is where the rows of one lane go: they are collected in a batch and delivered with it.
type Outlet struct {
	*Batch
	deliverer *Deliverer
	interval  time.Duration // between polls: for so long rows may be held before it is told
	counted   func(ctx context.Context, r Result)
}

// NewOutlet makes the outlet of a lane that is polled at an interval. counted is told what became of each batch.
func NewOutlet(deliverer *Deliverer, batch *Batch, interval time.Duration, counted func(ctx context.Context, r Result)) *Outlet {
	return &Outlet{Batch: batch, deliverer: deliverer, interval: interval, counted: counted}
}

// Deliver hands the batch to the pipeline. The rows that are held are read again.
func (o *Outlet) Deliver(ctx context.Context) (Result, error) {
	result, err := o.deliverer.Deliver(ctx, o.Batch, o.interval)
	o.counted(ctx, result)
	if err != nil {
		return result, fmt.Errorf("deliver rows: %w", err)
	}
	return result, nil
}
