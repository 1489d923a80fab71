package alertresolverconnector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/graph"
)

// patience is how often a pass waits because the service throttles.
const patience = 3

var (
	errThrottled = errors.New("the service throttles; the next pass goes on")
	errForbidden = errors.New("the app registration lacks SecurityAlert.ReadWrite.All, or an administrator's consent to it; the next pass tries again")
)

// passes go through the tasks.
type passes struct {
	*resolver
	client *graph.Client
	// pause waits, whatever happens. It reports false if that is the end.
	pause func(ctx context.Context, wait time.Duration) bool

	// notBefore is when the next pass may begin.
	notBefore time.Time
}

// run does a pass whenever there is something to do, but not sooner than an interval after the one before.
func (p *passes) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := p.notBefore.Sub(p.now())
		switch {
		case !p.hasWork():
			p.sleep(ctx, p.cfg.Interval)
		case wait > 0:
			p.pause(ctx, wait)
		default:
			p.pass(ctx)
		}
	}
}

// hasWork reports whether a pass would do something.
func (p *passes) hasWork() bool {
	return !p.switched.isStopped() && p.book.Waiting(p.mode) > 0 || len(p.book.Unsent()) > 0
}

// sleep waits until there may be something to do.
func (p *passes) sleep(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-p.woken:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// pause waits in real time.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// pass decides about some alerts, and hands on all receipts.
func (p *passes) pass(ctx context.Context) {
	began := p.now()
	p.notBefore = began.Add(p.cfg.Interval)
	p.book.Forget(began)
	err := p.decide(ctx, began)
	if ctx.Err() == nil {
		p.switched.passed(p.now(), err)
		if err != nil {
			p.set.Logger.Warn("A pass over the alerts of security tests has ended early; the alerts that are left wait for the next one", zap.Error(err))
		}
	}
	p.giveReceipts(ctx)
	if err := p.store.save(ctx); err != nil && ctx.Err() == nil {
		p.set.Logger.Warn("Cannot store receipts; it is tried again, and after a crash they may come again with the same log.record.uid", zap.Error(err))
	}
	p.counts.pending(ctx, p.book.Waiting(p.mode))
}

// decide goes through the tasks. An error is that of the pass, not of one alert.
func (p *passes) decide(ctx context.Context, began time.Time) error {
	waits := patience
	for _, t := range p.book.Next(p.mode, p.cfg.Limits.Alerts) {
		if p.switched.isStopped() || p.now().Sub(began) > p.cfg.Limits.Time {
			return nil
		}
		e := errand{resolver: p.resolver, client: p.client, task: t}
		err := e.run(ctx)
		for wait, throttled := graph.Throttled(err); throttled; wait, throttled = graph.Throttled(err) {
			if waits--; waits < 0 || p.now().Add(wait).Sub(began) > p.cfg.Limits.Time {
				if until := p.now().Add(wait); until.After(p.notBefore) {
					p.notBefore = until
				}
				return errThrottled
			}
			if !p.pause(ctx, wait) {
				return ctx.Err()
			}
			err = e.run(ctx)
		}
		if err := p.judge(t.Alert, err); err != nil {
			return err
		}
	}
	return nil
}

// judge decides what the error of one alert means for the pass.
func (p *passes) judge(id string, err error) error {
	refused, _ := graph.IsRefusal(err)
	switch {
	case err == nil, errors.Is(err, errStopped):
		return nil
	case graph.IsForbidden(err):
		return fmt.Errorf("%w: %w", errForbidden, err)
	case refused:
		p.book.Failed(id)
		p.set.Logger.Warn("An alert cannot be resolved; the next pass tries again", zap.String("alert", id), zap.Error(err))
		return nil
	default:
		return err
	}
}
