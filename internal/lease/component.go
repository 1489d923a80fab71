package lease

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"
)

// Note is the attribute of a component's status that says who holds its lease.
const Note = "lease"

// patience is how long a component may take to shut down after its term was lost. It holds its own settings to bound
// that, too.
const patience = time.Minute

// Settings are what a Component is made of.
type Settings struct {
	Claim
	// Storage is the extension that keeps the component's state; nil: none does.
	Storage *component.ID
	Logger  *zap.Logger
	// Begin makes the component of a term, which is started and shut down once. The term is nil if no lease is needed.
	Begin func(term Term) (component.Component, error)
}

// Component is a component that lives in terms.
type Component struct {
	set Settings

	// Set by Start, one of them.
	alone component.Component // needs no lease
	terms *terms
}

var _ component.Component = (*Component)(nil)

// NewComponent makes a component that lives in terms.
func NewComponent(set Settings) *Component { return &Component{set: set} }

// Start begins to ask for the lease. Where none is needed it starts the component.
func (c *Component) Start(ctx context.Context, host component.Host) error {
	lessor, ok := c.lessor(host)
	if !ok {
		alone, err := c.set.Begin(nil)
		if err != nil {
			return err
		}
		c.alone = alone
		return alone.Start(ctx, host)
	}
	c.terms = &terms{set: c.set, lessor: lessor, host: host, done: make(chan error, 1)}
	// Start's own context ends when all components have started.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.terms.cancel = cancel
	go func() { c.terms.done <- c.terms.run(running) }()
	return nil
}

func (c *Component) lessor(host component.Host) (Lessor, bool) {
	if c.set.Storage == nil {
		return nil, false
	}
	lessor, ok := host.GetExtensions()[*c.set.Storage].(Lessor)
	return lessor, ok
}

// Shutdown shuts down the component of the present term. The lease is given back by the storage extension, which is shut
// down later: by then the other components of the pipeline have stored their last state.
func (c *Component) Shutdown(ctx context.Context) error {
	switch {
	case c.alone != nil:
		return c.alone.Shutdown(ctx)
	case c.terms == nil:
		return nil
	}
	return c.terms.end(ctx)
}

// terms live one after another.
type terms struct {
	set    Settings
	lessor Lessor
	host   component.Host
	cancel context.CancelFunc
	done   chan error
	// shutdown is the context of Shutdown. It is set before cancel is called.
	shutdown context.Context //nolint:containedctx // it is handed from Shutdown to the loop that shuts the component down
	told     string          // what was reported last
}

func (t *terms) end(ctx context.Context) error {
	t.shutdown = ctx
	t.cancel()
	return <-t.done
}

// run lives until ctx ends.
func (t *terms) run(ctx context.Context) error {
	defer t.cancel()
	for {
		term := t.await(ctx)
		if term == nil {
			return nil
		}
		l, err := t.begin(ctx, term)
		switch {
		case ctx.Err() != nil:
			return l.end(t.shutdown) //nolint:contextcheck // the context of Shutdown
		case err != nil:
			t.abandon(ctx, l, err)
			continue
		}
		select {
		case <-ctx.Done():
			return l.end(t.shutdown) //nolint:contextcheck // the context of Shutdown
		case <-term.Lost():
			t.forget(ctx, l)
		}
	}
}

// await asks for the lease until this worker holds it. It returns nil when ctx ends.
func (t *terms) await(ctx context.Context) Term {
	for {
		term, err := t.lessor.Lease(ctx, t.set.Claim)
		switch {
		case ctx.Err() != nil:
			return nil // the storage extension gives back what this has taken
		case err == nil:
			return term
		}
		t.wait(err)
		if !t.pause(ctx) {
			return nil
		}
	}
}

// pause lets the time pass after which the lease is asked for again, not for all workers at once. It reports whether ctx
// still goes on.
func (t *terms) pause(ctx context.Context) bool {
	interval := t.lessor.Interval()
	timer := time.NewTimer(interval*3/4 + rand.N(interval/2+1)) //nolint:gosec // it spreads load
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// wait says why the component does not run.
func (t *terms) wait(err error) {
	var held *HeldError
	switch {
	case !errors.As(err, &held):
		t.trouble(fmt.Errorf("the lease cannot be asked for: %w", err))
	case held.Worker != "" && held.Scope != t.set.Scope:
		t.trouble(fmt.Errorf("worker %s runs %s with another tenant, other tables or in another mode: give all workers one configuration",
			held.Worker, t.set.ID))
	default:
		t.fine("it does not run on this worker: " + err.Error())
	}
}

// fine reports who holds the lease, which is no trouble.
func (t *terms) fine(note string) {
	if note == t.told {
		return
	}
	t.told = note
	t.set.Logger.Info("The lease: " + note + ".")
	attributes := pcommon.NewMap()
	attributes.PutStr(Note, note)
	componentstatus.ReportStatus(t.host, componentstatus.NewEvent(componentstatus.StatusOK, componentstatus.WithAttributes(attributes)))
}

// trouble reports why no worker may run the component.
func (t *terms) trouble(err error) {
	if err.Error() == t.told {
		return
	}
	t.told = err.Error()
	t.set.Logger.Error("The component waits for its lease, and reads nothing meanwhile.", zap.Error(err))
	componentstatus.ReportStatus(t.host, componentstatus.NewRecoverableErrorEvent(err))
}

// life is the component of a term.
type life struct {
	component.Component
	term Term
	host *termHost
}

// begin makes and starts the component of a term.
func (t *terms) begin(ctx context.Context, term Term) (*life, error) {
	l := &life{term: term, host: newTermHost(t.host, *t.set.Storage, term)}
	t.fine(fmt.Sprintf("this worker holds it, epoch %d", term.Epoch()))
	made, err := t.set.Begin(term)
	if err != nil {
		return l, err
	}
	l.Component = made
	return l, made.Start(ctx, l.host)
}

// end shuts the component down. It reports nothing any more.
func (l *life) end(ctx context.Context) error {
	defer l.host.over.Store(true)
	if l.Component == nil {
		return nil
	}
	return l.Shutdown(ctx)
}

// abandon ends a term in which the component could not start. Another worker may have more luck.
func (t *terms) abandon(ctx context.Context, l *life, err error) {
	ended, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err = errors.Join(err, l.end(ended))
	t.trouble(fmt.Errorf("it could not start, which is tried again: %w", err))
	t.release(ended, l.term)
	t.pause(ctx)
}

// forget ends a term that was lost: what the component has in memory is dropped with it.
func (t *terms) forget(ctx context.Context, l *life) {
	cause := l.term.Err()
	t.set.Logger.Warn("The term is over: the component stops, and begins with what is stored when it holds its lease again.", zap.Error(cause))
	ended, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := l.end(ended); err != nil {
		// What is not stored is read again by the worker that holds the lease.
		t.set.Logger.Info("The last state of the term is not stored.", zap.Error(err))
	}
	t.fine("it was lost: " + cause.Error())
	t.release(ended, l.term)
}

func (t *terms) release(ctx context.Context, term Term) {
	if err := term.Release(ctx); err != nil {
		t.set.Logger.Info("The lease is not given back; other workers take it when its time is over.", zap.Error(err))
	}
}
