package defenderreceiver

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/delivery"
)

const (
	maxRetryAfter  = 15 * time.Minute // a longer one is not believed
	rateLimitPause = time.Minute
	cpuCycle       = 15 * time.Minute // in which the service counts CPU
	probeInterval  = 24 * time.Hour   // for tables that the tenant does not have
	pausedInterval = time.Hour        // for tables that are paused after failures
	brokenTries    = 3                // answers that break at the same place before less is asked for
)

// failures decides, for one table, what a poll's error means and how long to wait after it.
type failures struct {
	table  *table
	pause  *backoff.ExponentialBackOff
	streak int
	since  time.Time // when the first of the streak failed, on this machine's clock
	last   time.Time // how far the poll came at the last failure
}

func (t *table) newFailures() *failures {
	return &failures{table: t, pause: delivery.NewBackOff(t.cfg.RetryOnFailure)}
}

// clear is called after a poll that succeeded.
func (f *failures) clear() {
	f.streak = 0
	f.pause.Reset()
	if f.table.state.pause("") {
		f.table.logger.Info("The table is read again.")
	}
	f.table.status.set(f.table.id(), nil)
}

// after is called with a poll's error and returns how long to wait.
func (f *failures) after(ctx context.Context, err error) time.Duration {
	t := f.table
	wait, throttled := throttle(err, t.serviceNow())
	err = advise(err, t.name)
	if wait, done := f.afterUsers(err, wait, throttled); done {
		return wait
	}
	switch {
	case throttled:
		// The limit is the tenant's, so all tables wait.
		t.scheduler.Block(time.Now().Add(wait), err.Error())
		t.logger.Info("The service throttles; all tables wait.", zap.Duration("retry_in", wait), zap.Error(err))
		return 0
	case isKind(err, hunting.UnknownTable):
		return f.absent(reasonNotInPlan, err)
	case errors.Is(err, errNoIngestion):
		return f.absent(reasonNoArrival, err)
	}
	t.status.set(t.id(), err)
	wait = f.pause.NextBackOff()
	if errors.Is(err, delivery.ErrRefused) {
		// It has been told why rows are held.
		t.logger.Debug("The table waits for the pipeline.", zap.Error(err), zap.Duration("retry_in", wait))
		return wait
	}
	if errors.Is(err, errStorage) {
		// Nothing is wrong with the table: what stands in its way is on this side.
		t.logger.Error("The table waits.", zap.Error(err), zap.Duration("retry_in", wait))
		return wait
	}
	if at := t.furthest(); !at.Equal(f.last) {
		// A poll that came further before it failed is no standstill.
		f.streak, f.last = 0, at
	}
	if f.streak++; f.streak == 1 {
		f.since = time.Now()
	}
	if isTooMuch(err) || isBroken(err) && f.streak >= brokenTries && t.narrowBroken(ctx, err) {
		t.logger.Warn("The service cannot give a result whole; less is asked for at once.", zap.Error(err), zap.Duration("retry_in", wait))
		return wait
	}
	if limit := t.cfg.PauseAfterFailures; limit > 0 && f.streak >= limit {
		reason := reasonFailures
		if isCredentials(err) {
			reason = reasonCredentials
			if all, changed := t.access.deny(f.since, err); all {
				if changed {
					t.logger.Error("All tables are paused, because the credentials are not accepted. They go on where they stand after a "+
						"restart, or when a try succeeds that one of them makes once an hour.", zap.Int("failures", f.streak), zap.Error(err))
				}
				return 0 // access makes it wait
			}
		}
		if t.state.pause(reason) {
			t.logger.Error("The table is paused after consecutive failures. It goes on where it stands after a restart, "+
				"or when a try succeeds that is made once an hour.",
				zap.String("reason", reason), zap.Int("failures", f.streak), zap.Error(err))
		}
		return pausedInterval
	}
	if refusal := refusalOf(err); refusal != nil {
		wait = max(wait, min(refusal.RetryAfter, maxRetryAfter))
	}
	t.logger.Warn("A poll failed; the cursor stays at what was delivered.",
		zap.Error(err), zap.Int("failures", f.streak), zap.Duration("retry_in", wait))
	return wait
}

// throttle reports whether err is a 429, which is no failure, and how long it asks to wait.
func throttle(err error, serviceNow time.Time) (time.Duration, bool) {
	token := (*entra.Error)(nil)
	wait, byDefault := time.Duration(0), rateLimitPause
	switch {
	case isKind(err, hunting.RateLimited):
		wait = refusalOf(err).RetryAfter
	case isKind(err, hunting.CPULimited):
		wait = refusalOf(err).RetryAfter
		byDefault = serviceNow.Truncate(cpuCycle).Add(cpuCycle).Sub(serviceNow)
	case errors.As(err, &token) && token.Status == http.StatusTooManyRequests:
		wait = token.RetryAfter
	default:
		return 0, false
	}
	if wait <= 0 {
		return byDefault, true
	}
	return min(wait, maxRetryAfter), true
}

// absent pauses a table that cannot be read in this tenant, and looks again once a day.
func (f *failures) absent(reason string, err error) time.Duration {
	if f.table.state.pause(reason) {
		f.table.logger.Warn("The table is paused and looked at again once a day.", zap.String("reason", reason), zap.Error(err))
	}
	return probeInterval
}
