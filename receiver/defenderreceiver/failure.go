package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
)

// recent is how long after its last row a table counts as one that the tenant has.
const recent = 7 * 24 * time.Hour

// Why all tables are paused.
var (
	errCredentials = errors.New("all tables are paused, because the service does not accept the credentials; one of them tries " +
		"once an hour and when a credential file changes, and all go on when a try succeeds")
	errPermission = errors.New("all tables are paused, because the app registration lacks a permission; one of them tries " +
		"once an hour, and all go on when a try succeeds")
)

// succeed is called after a poll that succeeded, with the time to the next one.
func (t *table) succeed(wait time.Duration) {
	recovered := t.failures.End()
	t.backoff.Reset()
	ended, shared := t.health.Succeed(time.Now().Add(wait))
	t.gate.Succeed(recovered || ended.Err != nil)
	t.lookForColumns()
	t.logger.Debug("The table is up to date.", zap.Stringer("next_poll_in", wait.Round(time.Millisecond)))
	if ended.Err == nil {
		return
	}
	level := zapcore.InfoLevel
	if shared {
		level = zapcore.DebugLevel
	}
	t.logger.Log(level, "The table is read again.", zap.NamedError("ended", ended.Err))
}

// fail carries out what becomes of the table after a poll that failed, and waits it out. It is false if ctx ended.
func (t *table) fail(ctx context.Context, err error) bool {
	v, backoff := t.judge(ctx, err)
	return t.gate.Rest(ctx, v, backoff, t.health.Wake())
}

// judge decides what becomes of the table after a poll that failed, and says so. It returns the verdict whose wait is
// still to come, and what backoff alone would wait.
func (t *table) judge(ctx context.Context, err error) (failure.Verdict, time.Duration) {
	if t.leaveOut(err) {
		return failure.Verdict{}, 0
	}
	err = advise(err, t.name)
	if failure.IsFailure(err) {
		t.failures.Fail(time.Now(), t.furthest())
	}
	backoff := t.backoff.NextBackOff()
	v := failure.Judge(err, t.situation(backoff))
	switch {
	case v.Scope == failure.Tenant:
		t.throttled(err, v.Wait)
		return failure.Verdict{}, 0 // the scheduler makes it wait
	case v.Scope == failure.Receiver && t.denied(err, v):
		return failure.Verdict{}, 0 // the gate does
	case t.askForLess(ctx, v, err):
		v.Pause, v.Wait = failure.None, backoff
	}
	t.tell(err, v)
	return v, backoff
}

// situation is what the verdict on a failure depends on.
func (t *table) situation(backoff time.Duration) failure.Situation {
	return failure.Situation{
		PauseAfter: t.cfg.PauseAfterFailures, Failures: t.failures.Failures, Pause: backoff,
		ServiceNow: t.serviceNow(), Recent: t.wasThere(), OwnLimits: t.users != nil,
	}
}

// wasThere reports whether rows of the table were read lately.
func (t *table) wasThere() bool {
	return t.ledger != nil && t.serviceNow().Sub(t.ledger.CompleteUntil()) <= recent && t.ledger.HasRows()
}

// throttled holds all tables back: the limit is the tenant's.
func (t *table) throttled(err error, wait time.Duration) {
	t.scheduler.Block(time.Now().Add(wait), err.Error())
	level := zapcore.DebugLevel
	if t.registry.Throttle(err) {
		level = zapcore.InfoLevel
	}
	t.logger.Log(level, "The service throttles; all tables wait.", in(wait), zap.Error(err))
}

// denied pauses all tables, if none was accepted since this one failed first. It reports false if only this one is
// refused.
func (t *table) denied(err error, v failure.Verdict) bool {
	all, first := t.gate.Deny(t.failures.Since)
	if !all {
		return false
	}
	t.letOthersGoOn()
	why, text := errCredentials, "All tables are paused, because the credentials are not accepted. They go on where they stand when a try "+
		"succeeds, which one of them makes once an hour, when a credential file changes, and after a restart."
	if v.Pause == failure.ReasonPermission {
		why, text = errPermission, "All tables are paused, because the app registration lacks a permission. They go on where they stand "+
			"when a try succeeds, which one of them makes once an hour, and after a restart."
	}
	t.registry.PauseAll(v.Pause, fmt.Errorf("%w: %w", why, err))
	if first {
		t.logger.Error(text,
			zap.String("reason", string(v.Pause)), zap.Int("failures", t.failures.Failures), zap.Error(err))
	}
	return true
}

// isDenied reports whether the table is not read because of who asks.
func (t *table) isDenied() bool {
	cause := failure.CauseOf(t.health.View().Err)
	return cause == failure.Credentials || cause == failure.Permission
}

// accepted is told of each answer of the service.
func (t *table) accepted() {
	t.registry.Answered()
	if t.users == nil && t.gate.Accept() {
		t.registry.PauseAll(failure.None, nil)
		t.logger.Info("The credentials are accepted; all tables go on.")
	}
}

// askForLess makes the next range smaller, where failures at one place make its size or its data suspect. It reports
// whether it did so for what is in the data, which is no standstill.
func (t *table) askForLess(ctx context.Context, v failure.Verdict, err error) bool {
	switch v.Doubt {
	case failure.DoubtSize:
		t.doubtSize()
	case failure.DoubtData:
		return t.narrowBroken(ctx, err)
	case failure.NoDoubt:
	}
	return false
}

// tell says in status and log what becomes of the table. One cause is one message: what another table has told is told
// no more.
func (t *table) tell(err error, v failure.Verdict) {
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
		t.letOthersGoOn()
	}
	news := t.health.Fail(err, state, v.Pause, t.failures.Failures, time.Now().Add(v.Wait))
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
	if t.failures.Failures > 0 {
		fields = append(fields, zap.Int("failures", t.failures.Failures))
	}
	t.logger.Log(level, text, fields...)
}

// in says when the next try is.
func in(wait time.Duration) zap.Field {
	return zap.Stringer("retry_in", wait.Round(100*time.Millisecond))
}
