package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// Why all tables are paused.
var (
	errCredentials = errors.New("all tables are paused, because the service does not accept the credentials; one of them tries " +
		"once an hour and when a credential file changes, and all go on when a try succeeds")
	errPermission = errors.New("all tables are paused, because the app registration lacks a permission; one of them tries " +
		"once an hour, and all go on when a try succeeds")
)

// Settings are what a loop works with.
type Settings struct {
	// PauseAfter is the number of failures in a row after which the source pauses; 0: never.
	PauseAfter int
	// PageRows is how many rows make a poll a full one.
	PageRows  int
	Cadence   paging.Cadence
	Backoff   *backoff.ExponentialBackOff
	Gate      *failure.Gate // where it waits
	Scheduler *scheduler.Scheduler
	Registry  *health.Registry
	Health    *health.Source
	Logger    *zap.Logger
}

// Loop polls one source.
type Loop struct {
	source Source
	Settings
	// Polled is told when the source was read, or is not going to be for a while; nil: nobody waits for it.
	Polled func()

	failures   failure.Run
	rowsBefore int // read before this poll
}

// NewLoop makes the loop of a source.
func NewLoop(source Source, settings Settings) *Loop {
	settings.Health.SetInterval(settings.Cadence.Interval())
	return &Loop{source: source, Settings: settings}
}

// Run polls until ctx ends.
func (l *Loop) Run(ctx context.Context) {
	for l.Gate.Wait(ctx, l.Health.Commands.Wanted()) && l.commanded(ctx) {
		began := time.Now()
		again, err := l.source.Poll(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := l.idle(began)
		if again {
			wait = 0
		}
		if err != nil {
			v, backoff := l.Judge(ctx, err)
			if !l.Gate.Rest(ctx, v, backoff, l.Health.Commands.Wanted()) {
				return
			}
			continue
		}
		l.Succeed(wait)
		l.letOthersGoOn()
		if !l.Health.Commands.Sleep(ctx, wait) {
			return
		}
	}
}

// idle is the time to the next poll of a source that is up to date.
func (l *Loop) idle(began time.Time) time.Duration {
	rows := l.Health.View().Rows.Read
	l.Cadence.Polled(rows-l.rowsBefore, l.PageRows, l.Scheduler.Short())
	l.rowsBefore = rows
	l.Health.SetInterval(l.Cadence.Interval())
	return l.Cadence.Idle(time.Since(began))
}

// commanded waits while a user has paused the source. It is false if ctx ended first.
func (l *Loop) commanded(ctx context.Context) bool {
	if l.Health.Commands.Halted() {
		l.letOthersGoOn()
	}
	return l.Health.Commands.Await(ctx)
}

// letOthersGoOn tells those who wait for the source.
func (l *Loop) letOthersGoOn() {
	if l.Polled != nil {
		l.Polled()
	}
}

// Succeed is called after a poll that succeeded, with the time to the next one.
func (l *Loop) Succeed(wait time.Duration) {
	recovered := l.failures.End()
	l.Backoff.Reset()
	ended, shared := l.Health.Succeed(time.Now().Add(wait))
	l.Gate.Succeed(recovered || ended.Err != nil)
	l.source.Succeeded()
	l.Logger.Debug("The table is up to date.", zap.Stringer("next_poll_in", wait.Round(time.Millisecond)))
	if ended.Err == nil {
		return
	}
	level := zapcore.InfoLevel
	if shared {
		level = zapcore.DebugLevel
	}
	l.Logger.Log(level, "The table is read again.", zap.NamedError("ended", ended.Err))
}

// Judge decides what becomes of the source after a poll that failed, and says so. It returns the verdict whose wait is
// still to come, and what backoff alone would wait.
func (l *Loop) Judge(ctx context.Context, err error) (failure.Verdict, time.Duration) {
	if l.source.Adapt(err) {
		return failure.Verdict{}, 0
	}
	err = l.source.Advise(err)
	if failure.IsFailure(err) {
		l.failures.Fail(time.Now(), l.source.Furthest())
	}
	situation := l.source.Situation()
	situation.PauseAfter, situation.Failures, situation.Pause = l.PauseAfter, l.failures.Failures, l.Backoff.NextBackOff()
	v := failure.Judge(err, situation)
	switch {
	case v.Scope == failure.Tenant:
		l.throttled(err, v.Wait)
		return failure.Verdict{}, 0 // the scheduler makes it wait
	case v.Scope == failure.Receiver && l.denied(err, v):
		return failure.Verdict{}, 0 // the gate does
	case l.source.AskForLess(ctx, v.Doubt, err):
		v.Pause, v.Wait = failure.None, situation.Pause
	}
	l.tell(err, v)
	return v, situation.Pause
}

// throttled holds all tables back: the limit is the tenant's.
func (l *Loop) throttled(err error, wait time.Duration) {
	l.Scheduler.Block(time.Now().Add(wait), err.Error())
	level := zapcore.DebugLevel
	if l.Registry.Throttle(err) {
		level = zapcore.InfoLevel
	}
	l.Logger.Log(level, "The service throttles; all tables wait.", in(wait), zap.Error(err))
}

// denied pauses all tables, if none was accepted since this one failed first. It reports false if only this one is
// refused.
func (l *Loop) denied(err error, v failure.Verdict) bool {
	all, first := l.Gate.Deny(l.failures.Since)
	if !all {
		return false
	}
	l.letOthersGoOn()
	why, text := errCredentials, "All tables are paused, because the credentials are not accepted. They go on where they stand when a try "+
		"succeeds, which one of them makes once an hour, when a credential file changes, and after a restart."
	if v.Pause == failure.ReasonPermission {
		why, text = errPermission, "All tables are paused, because the app registration lacks a permission. They go on where they stand "+
			"when a try succeeds, which one of them makes once an hour, and after a restart."
	}
	l.Registry.PauseAll(v.Pause, fmt.Errorf("%w: %w", why, err))
	if first {
		l.Logger.Error(text,
			zap.String("reason", string(v.Pause)), zap.Int("failures", l.failures.Failures), zap.Error(err))
	}
	return true
}

// IsDenied reports whether the source is not read because of who asks.
func (l *Loop) IsDenied() bool {
	cause := failure.CauseOf(l.Health.View().Err)
	return cause == failure.Credentials || cause == failure.Permission
}

// Accepted is told that the service has taken a request with the receiver's credentials.
func (l *Loop) Accepted() {
	l.Registry.Answered()
	if l.Gate.Accept() {
		l.Registry.PauseAll(failure.None, nil)
		l.Logger.Info("The credentials are accepted; all tables go on.")
	}
}

// tell says in status and log what becomes of the table. One cause is one message: what another table has told is told
// no more.
func (l *Loop) tell(err error, v failure.Verdict) {
	state := health.BackingOff
	switch {
	case v.Pause != failure.None:
		state = health.Paused
	case v.Cause == failure.Pipeline || v.Cause == failure.Storage:
		state = health.Refused
	case v.Cause == failure.Throttled:
		state = health.WaitingQuota
	}
	if v.Pause != failure.None {
		l.letOthersGoOn()
	}
	news := l.Health.Fail(err, state, v.Pause, l.failures.Failures, time.Now().Add(v.Wait))
	text, level := "A poll failed; the cursor stays at what was delivered.", zapcore.WarnLevel
	switch {
	case v.Cause == failure.Pipeline:
		// Delivery has told why rows are held.
		text, level = "The table waits for the pipeline.", zapcore.DebugLevel
	case v.Cause == failure.Storage:
		text, level = "The table waits.", zapcore.ErrorLevel
	case v.Cause == failure.Throttled:
		text, level = "Graph's directory throttles; only this table waits.", zapcore.InfoLevel
	case v.Cause == failure.Size:
		text = "The service cannot give a result whole; less is asked for at once."
	case v.Pause == failure.ReasonNotInPlan || v.Pause == failure.ReasonNoArrivalTime:
		text = "The table is paused and looked at again later; all others go on without it."
	case v.Pause != failure.None:
		text, level = "The table is paused after consecutive failures. It goes on where it stands.", zapcore.ErrorLevel
	}
	if !news {
		level = zapcore.DebugLevel
	}
	fields := []zap.Field{zap.Error(err), in(v.Wait)}
	if v.Pause != failure.None {
		fields = append(fields, zap.String("reason", string(v.Pause)))
	}
	if l.failures.Failures > 0 {
		fields = append(fields, zap.Int("failures", l.failures.Failures))
	}
	l.Logger.Log(level, text, fields...)
}

// in says when the next try is.
func in(wait time.Duration) zap.Field {
	return zap.Stringer("retry_in", wait.Round(100*time.Millisecond))
}
