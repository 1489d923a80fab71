package tail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/config/configretry"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/lines"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/recent"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/state"
)

const (
	// HeldFor is how long the pipeline may not take rows until they are let go of, to be read again.
	HeldFor = time.Minute
	// refusedRest is the longest rest after that.
	refusedRest = time.Minute
	// saving bounds the storing of places that must be stored, also at the end.
	saving = 30 * time.Second
)

// Plan is what is read, and how often.
type Plan struct {
	ListInterval time.Duration
	TailInterval time.Duration // 0: hot blobs are not asked for
	MaxRead      int64         // bytes of one part of a blob
	Prefix       string        // what the names of the blobs begin with
	Mine         func(container, blob string) bool
	Origin       bool // records say where their line stands
}

// Metrics are told what happens.
type Metrics interface {
	Delivered(table string, result delivery.Result)
	Duplicates(table string, rows int)
	Undecoded(table string, texts int)
	Read(table string, bytes int)
	Recreated(table string)
	Skipped(table string, entries int)
	Lost(table string, bytes int64)
	CursorWrites(err error)
}

// Surroundings are what all containers share.
type Surroundings struct {
	Plan
	Client    *account.Client
	Deliverer *delivery.Deliverer
	Batch     delivery.Limits
	Scope     string
	Version   string
	State     *state.State
	Recent    *recent.Rows
	Slots     chan struct{} // a value for each step that is under way
	Retry     configretry.BackOffConfig
	Metrics   Metrics
	Logger    *zap.Logger
	Now       func() time.Time
}

// Container reads one.
type Container struct {
	*Surroundings
	name   string
	table  *tables.Table
	seen   *health.Container
	book   *book.Book
	reader lines.Reader
	pause  *backoff.ExponentialBackOff

	nextList, nextHot time.Time
	published         time.Time
	unsaved           bool
	// want is how much is read of a blob whose line is longer than a part.
	want map[string]int64
}

func newContainer(s *Surroundings, name, table string) *Container {
	return &Container{
		Surroundings: s, name: name, table: tables.Named(table),
		book:  book.New(s.State.Start(), func(blob string) bool { return s.Mine(name, blob) }),
		pause: delivery.NewBackOff(s.Retry), want: map[string]int64{},
	}
}

// run reads until ctx ends.
func (c *Container) run(ctx context.Context) {
	for ctx.Err() == nil {
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
	if c.seen.View().Halted {
		return c.ListInterval, nil // a command ends the rest
	}
	if c.unsaved {
		if err := c.save(ctx); err != nil {
			return 0, err
		}
	}
	if now := c.Now(); !now.Before(c.nextList) {
		return 0, c.withSlot(ctx, c.list)
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

// list compares all blobs with their places.
func (c *Container) list(ctx context.Context) error {
	c.book.BeginList()
	skipped, marker := 0, ""
	for {
		blobs, others, next, err := c.Client.Blobs(ctx, c.name, c.Prefix, marker)
		if isNoContainer(err) {
			break // it is deleted, or not made yet
		}
		if err != nil {
			return fmt.Errorf("list the blobs of %s: %w", c.name, err)
		}
		now := c.Now()
		for _, b := range blobs {
			c.book.Listed(b, now)
		}
		skipped += others
		if marker = next; marker == "" {
			break
		}
	}
	for _, lost := range c.book.EndList() {
		c.lost(lost.Name, lost.Bytes)
	}
	c.Metrics.Skipped(c.table.Name, skipped)
	now := c.Now()
	c.nextList = now.Add(c.ListInterval)
	c.nextHot = now.Add(c.TailInterval)
	return c.save(ctx)
}

// isNoContainer reports whether the service itself says that there is no such container.
func isNoContainer(err error) bool {
	refused := (*account.Error)(nil)
	return errors.As(err, &refused) && refused.Kind == account.Absent && refused.Code == "ContainerNotFound"
}

func (c *Container) lost(blob string, bytes int64) {
	c.Metrics.Lost(c.table.Name, bytes)
	c.Logger.Error("A blob was deleted before all of it was read: the lifecycle rule of the account must keep blobs for longer than the longest outage.",
		zap.String("table", c.table.Name), zap.String("container", c.name), zap.String("blob", blob), zap.Int64("unread_bytes", bytes))
}

var errStore = errors.New("cursors cannot be stored, so nothing more is read")

// save stores the places that have changed. What was handed on must be stored also at the end.
func (c *Container) save(ctx context.Context) error {
	days := c.book.Dirty()
	if len(days) == 0 {
		c.unsaved = false
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saving)
	defer cancel()
	err := c.State.Save(ctx, c.name, days)
	c.Metrics.CursorWrites(err)
	c.unsaved = err != nil
	if err != nil {
		return fmt.Errorf("%w: %w", errStore, err)
	}
	c.book.Stored()
	return nil
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
	c.seen.Change(func(v *health.View) {
		v.Blobs, v.Behind, v.Oldest, v.Grown = s.Blobs, s.Behind, s.Oldest, s.Grown
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
