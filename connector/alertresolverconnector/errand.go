package alertresolverconnector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/graph"
	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/task"
)

var errStopped = errors.New("a user has stopped the connector")

// errand is one task of a pass. It may be run again: what it has done is not done again.
type errand struct {
	*resolver
	client *graph.Client
	task   task.Task
	// before is the status that was read before the alert was resolved.
	before   string
	resolved bool
}

// run reads the alert, decides and acts. Without an error there is a decision.
func (e *errand) run(ctx context.Context) error {
	if e.resolved {
		return e.finish(ctx)
	}
	a, err := e.client.Alert(ctx, e.task.Alert)
	if graph.IsNotFound(err) {
		return e.decided(ctx, task.Receipt{Result: task.NotFound})
	}
	if err != nil {
		return fmt.Errorf("read the alert %s: %w", e.task.Alert, err)
	}
	state := task.State{Status: a.Status, AssignedTo: a.AssignedTo, Classification: a.Classification, Determination: a.Determination, Comments: a.Texts()}
	verdict, why := task.Judge(state, e.task.Begun && e.mode == task.Enabled)
	switch {
	case verdict == task.LeaveAlone:
		return e.decided(ctx, task.Receipt{Result: task.LeftAlone, StatusBefore: a.Status, Reason: why})
	case verdict == task.Finished:
		e.before = task.StatusNew
		if slices.Contains(state.Comments, e.comment()) {
			return e.decided(ctx, task.Receipt{Result: task.Resolved, StatusBefore: e.before})
		}
		return e.finish(ctx)
	case e.mode != task.Enabled:
		return e.decided(ctx, task.Receipt{Result: task.WouldResolve, StatusBefore: a.Status})
	}
	e.before = a.Status
	return e.resolve(ctx)
}

// resolve changes the status. That it is about to be changed is stored before.
func (e *errand) resolve(ctx context.Context) error {
	e.book.Begin(e.task.Alert, true)
	if err := e.store.save(ctx); err != nil {
		return err
	}
	if e.switched.isStopped() {
		e.book.Begin(e.task.Alert, false)
		return errStopped
	}
	err := e.client.Update(ctx, e.task.Alert, graph.Change{
		Status: task.StatusResolved, Classification: task.Classification, Determination: task.Determination,
	})
	if _, forSure := graph.IsRefusal(err); forSure {
		e.book.Begin(e.task.Alert, false)
	}
	if graph.IsNotFound(err) {
		return e.decided(ctx, task.Receipt{Result: task.NotFound, StatusBefore: e.before})
	}
	if err != nil {
		return fmt.Errorf("resolve the alert %s: %w", e.task.Alert, err)
	}
	return e.finish(ctx)
}

// finish adds the comment to an alert that is resolved. An alert without it is resolved all the same.
func (e *errand) finish(ctx context.Context) error {
	e.resolved = true
	err := e.client.Comment(ctx, e.task.Alert, e.comment())
	if _, throttled := graph.Throttled(err); throttled || ctx.Err() != nil {
		return err
	}
	r := task.Receipt{Result: task.Resolved, StatusBefore: e.before}
	if err != nil {
		r.Error = fmt.Sprintf("the comment is missing: %v", err)
	}
	return e.decided(ctx, r)
}

// comment says why an alert was resolved. It is the same each time.
func (e *errand) comment() string {
	cause := e.task.Cause()
	text := "Resolved automatically by otelcol-defender: this alert was raised by the execution " + cause.Execution + " of a security test"
	if cause.Test != "" {
		text += ", test " + cause.Test
	}
	return text + "."
}

// decided notes a decision and stores it.
func (e *errand) decided(ctx context.Context, r task.Receipt) error {
	r.At = e.now().UTC()
	e.book.Decide(e.task.Alert, e.mode, r)
	e.switched.note(string(r.Result))
	e.counts.decision(ctx, string(e.mode), string(r.Result))
	if err := e.store.save(ctx); err != nil {
		return fmt.Errorf("store the receipt of the alert %s: %w", e.task.Alert, err)
	}
	return nil
}
