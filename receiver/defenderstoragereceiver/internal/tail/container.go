package tail

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/health"
)

// refusedRest is the longest rest after the pipeline has not taken rows.
const refusedRest = time.Minute

// Container reads one.
type Container struct {
	reader
	pause             *backoff.ExponentialBackOff
	nextList, nextHot time.Time
	published         time.Time
}

func newContainer(s *Surroundings, name, table string) *Container {
	return &Container{
		reader: reader{
			outlet: outlet{Surroundings: s, name: name, table: tables.Named(table)},
			book:   book.New(s.State.Start(), func(blob string) bool { return s.Mine(name, blob) }),
			want:   map[string]int64{},
		},
		pause: delivery.NewBackOff(s.Retry),
	}
}

// run reads until ctx ends.
func (c *Container) run(ctx context.Context) {
	for ctx.Err() == nil {
		if c.seen.View().Halted {
			c.sleep(ctx, c.ListInterval) // a command ends it
			continue
		}
		rest, err := c.step(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			rest = c.failed(err)
		default:
			c.pause.Reset()
			now := c.Now()
			c.recovered(c.seen.Succeed(now, now.Add(rest)))
		}
		if now := c.Now(); rest > 0 || now.Sub(c.published) >= time.Second {
			c.published = now
			c.publish()
		}
		if rest > 0 && !c.sleep(ctx, rest) {
			return
		}
	}
}

// step does one thing, and says how long there is nothing else to do.
func (c *Container) step(ctx context.Context) (time.Duration, error) {
	if c.unsaved {
		if err := c.save(ctx); err != nil {
			return 0, err
		}
	}
	if now := c.Now(); !now.Before(c.nextList) {
		return 0, c.withSlot(ctx, func(ctx context.Context) error {
			err := c.list(ctx)
			if now := c.Now(); err == nil {
				c.nextList, c.nextHot = now.Add(c.ListInterval), now.Add(c.TailInterval)
			}
			return err
		})
	}
	if now := c.Now(); c.TailInterval > 0 && !now.Before(c.nextHot) {
		c.book.Heat(now)
		c.nextHot = now.Add(c.TailInterval)
	}
	task, ok := c.book.Next(c.Now())
	if !ok {
		return c.rest(), nil
	}
	return 0, c.withSlot(ctx, func(ctx context.Context) error { return c.read(ctx, task) })
}

func (c *Container) recovered(ended error) {
	if ended != nil {
		c.Logger.Info("The container is read again.", zap.String("table", c.table.Name), zap.NamedError("ended", ended))
	}
}

// rest is how long there is nothing to do.
func (c *Container) rest() time.Duration {
	next := c.nextList
	if c.TailInterval > 0 && c.nextHot.Before(next) {
		next = c.nextHot
	}
	return max(next.Sub(c.Now()), time.Millisecond)
}

func (c *Container) withSlot(ctx context.Context, do func(context.Context) error) error {
	select {
	case c.Slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-c.Slots }()
	return do(ctx)
}

// failed says how long to rest after an error, and tells of it.
func (c *Container) failed(err error) time.Duration {
	rest, what := c.pause.NextBackOff(), health.BackingOff
	refused := (*account.Error)(nil)
	switch {
	case errors.Is(err, delivery.ErrRefused):
		rest, what = min(rest, refusedRest), health.Refused // the deliverer has told it
	case errors.Is(err, errStore):
		what = health.Refused
	case errors.As(err, &refused):
		rest = max(rest, refused.RetryAfter)
	}
	now := c.Now()
	news := c.seen.Fail(what, err, now, now.Add(rest))
	if errors.Is(err, delivery.ErrRefused) {
		return rest
	}
	fields := []zap.Field{zap.String("table", c.table.Name), zap.Error(err), zap.Duration("next_try_in", rest)}
	if news {
		c.Logger.Warn("A container is not read at present.", fields...)
	} else {
		c.Logger.Debug("Another container, or the same again, is not read.", fields...)
	}
	return rest
}

// publish shows what is known of the blobs.
func (c *Container) publish() {
	s := c.book.Summary()
	if s.Oldest.IsZero() {
		c.whole = c.listed
	}
	c.seen.Change(func(v *health.View) {
		b := &v.Blobs
		b.Number, b.Behind, b.Oldest, b.Grown, b.Listed, b.Whole = s.Blobs, s.Behind, s.Oldest, s.Grown, c.listed, c.whole
	})
}

// sleep is false if ctx ended first.
func (c *Container) sleep(ctx context.Context, rest time.Duration) bool {
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-c.seen.Wanted():
	case <-timer.C:
	}
	return true
}
