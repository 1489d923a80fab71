package defenderstoragereceiver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/state"
)

// controlled is how the receiver is shown and commanded by the control extension.
type controlled struct {
	id     string
	cfg    *Config
	board  *health.Board
	places *state.State
	expiry credentials.Expiry
	now    func() time.Time
	test   func(ctx context.Context) (*diagnosis.Result, error)

	// commanding makes one step of a command's two: what is stored, and what is in effect.
	commanding sync.Mutex
}

var (
	_ control.Receiver = (*controlled)(nil)
	_ control.Reporter = (*controlled)(nil)
	_ control.Tester   = (*controlled)(nil)
)

// Test implements control.Tester.
func (c *controlled) Test(ctx context.Context) (control.Result, error) { return c.test(ctx) }

// Pause implements control.Receiver.
func (c *controlled) Pause(ctx context.Context, table string) error { return c.halt(ctx, table, true) }

// Resume implements control.Receiver.
func (c *controlled) Resume(ctx context.Context, table string) error {
	return c.halt(ctx, table, false)
}

// ResumeAll implements control.Receiver.
func (c *controlled) ResumeAll(ctx context.Context) error {
	var errs []error
	for _, seen := range c.board.Containers() {
		errs = append(errs, c.halt(ctx, seen.Table, false))
	}
	return errors.Join(errs...)
}

// halt is in effect even if it cannot be stored.
func (c *controlled) halt(ctx context.Context, table string, halted bool) error {
	seen := c.board.Of(table)
	if seen == nil {
		return fmt.Errorf("%s of %s: %w", table, c.id, control.ErrNoTable)
	}
	c.commanding.Lock()
	defer c.commanding.Unlock()
	seen.Halt(halted)
	if err := c.places.SetPaused(ctx, seen.Name, halted); err != nil {
		return fmt.Errorf("%s of %s: %w: %w", table, c.id, control.ErrNotKept, err)
	}
	return nil
}

// Status implements control.Receiver.
func (c *controlled) Status() control.ReceiverStatus {
	status := control.ReceiverStatus{
		ID: c.id, Troubles: c.board.Troubles(), Quota: control.Quota{Windows: []control.Window{}}, Credentials: c.credentials(),
		Tables: []control.Table{},
	}
	for _, seen := range c.board.Containers() {
		status.Tables = append(status.Tables, c.table(seen))
	}
	status.State, status.Reason = control.Summarize(status.Tables)
	switch {
	case len(status.Tables) > 0:
	case len(status.Troubles) > 0:
		status.State = control.BackingOff
	default:
		status.State = control.Running // it waits for the first container
	}
	return status
}

func (c *controlled) credentials() control.Credentials {
	shown := control.Credentials{Method: strings.Join(c.cfg.Credentials.Given(), ", ")}
	if end, is := c.expiry(); is {
		shown.Expires = known(end)
	}
	return shown
}

// table is what is shown of a container.
func (c *controlled) table(seen *health.Container) control.Table {
	v := seen.View()
	t := control.Table{
		Name: seen.Table, Kind: "container", State: control.State(v.State), Lane: "live", CompleteUntil: known(v.Blobs.Whole),
		Rows:        control.Rows{RowsDelivered: v.Rows.Delivered, RowsRefused: v.Rows.Refused, RowsPerMinute: []int{}},
		DeadLetters: control.DeadLetters(v.Letters),
		Blobs: &control.Blobs{
			Container: seen.Name, Number: v.Blobs.Number, BytesUnread: v.Blobs.Behind, UnreadSince: known(v.Blobs.Oldest),
			LastGrowth: known(v.Blobs.Grown), LastList: known(v.Blobs.Listed), BytesLost: v.Blobs.Lost,
			RowsRepeated: v.Rows.Repeated, LinesBroken: v.Rows.Broken,
		},
		Polls: control.Polls{
			Interval: c.interval().Seconds(), LastPoll: known(v.LastRead), NextPoll: known(v.NextRead), ConsecutiveFailures: v.Failures,
		},
	}
	if v.Err != nil {
		t.LastError = v.Err.Error()
	}
	if v.Halted {
		t.Reason = control.ReasonUser
	}
	if t.CompleteUntil != nil {
		lag := max(c.now().Sub(v.Blobs.Whole).Seconds(), 0)
		t.LagSeconds = &lag
	}
	return t
}

// interval is how often the newest blobs are looked at.
func (c *controlled) interval() time.Duration {
	if c.cfg.TailInterval > 0 {
		return c.cfg.TailInterval
	}
	return c.cfg.ListInterval
}

// known is nil for a time that is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}
