package defenderreceiver

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// outcome of a delivery.
type outcome string

const (
	delivered outcome = "delivered"
	duplicate outcome = "duplicate"
	refused   outcome = "refused"
	// notOffered: the receiver ended before a call was made.
	notOffered outcome = ""
)

// deliverer hands records to the pipeline.
type deliverer struct {
	next consumer.Logs
	// calls is the context of all calls. It outlives that of the loops, because a call that is cut off may
	// have delivered its rows all the same, to one of several exporters at least.
	calls   context.Context
	obsrep  *receiverhelper.ObsReport
	retry   configretry.BackOffConfig
	dead    *deadLetters
	logger  *zap.Logger
	waiting func(table string, err error) // told of each refusal, and with nil of the end of it
}

// deliver returns once the pipeline has accepted the records (delivered) or has refused them for good
// (refused, no error). Until then it tries again with growing pauses, because the page is held
// anyway. When ctx ends, the call that is under way is waited for, and no other is made. Errors are
// that of ctx, that of calls, and failure.ErrRefused.
func (d *deliverer) deliver(ctx context.Context, table, lane string, logs plog.Logs) (outcome, error) {
	if ctx.Err() != nil {
		return notOffered, ctx.Err()
	}
	pause := newBackOff(d.retry)
	start := time.Now()
	for {
		err := d.consume(d.calls, logs) //nolint:contextcheck // a call outlives ctx
		switch {
		case err == nil:
			d.waiting(lane, nil)
			return delivered, nil
		case d.calls.Err() != nil:
			// Even if it says for good: exporters say that too of calls that were cut off.
			return refused, d.calls.Err()
		case isPermanent(err):
			// The contract of consumers: the same data must not be sent again.
			d.logger.Error("The pipeline refused rows for good; they are counted as refused and passed over.",
				zap.String("table", table), zap.Int("rows", logs.LogRecordCount()), zap.Error(err))
			return refused, d.bury(ctx, table, lane, logs)
		case ctx.Err() != nil:
			return refused, ctx.Err()
		case !d.retry.Enabled, d.retry.MaxElapsedTime > 0 && time.Since(start) > d.retry.MaxElapsedTime:
			return refused, errors.Join(failure.ErrRefused, err)
		}
		d.waiting(lane, err)
		if !sleep(ctx, pause.NextBackOff()) {
			return refused, ctx.Err()
		}
	}
}

// isPermanent reports whether the pipeline refused the data for good. A pipeline with several exporters
// joins their errors, and is permanent only if none of them would take the data later.
func isPermanent(err error) bool {
	if !consumererror.IsPermanent(err) {
		return false
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		joined, ok := e.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		permanent := 0
		for _, branch := range joined.Unwrap() {
			if isPermanent(branch) {
				permanent++
			}
		}
		// With none, it is the joined error as a whole that was called permanent.
		return permanent == 0 || permanent == len(joined.Unwrap())
	}
	return true
}

// bury keeps refused records in the dead letters. Until that is done the page is held: a full disk
// must not turn a refusal into a loss.
func (d *deliverer) bury(ctx context.Context, table, lane string, logs plog.Logs) error {
	pause := newBackOff(d.retry)
	for {
		err := d.dead.add(table, logs)
		d.waiting(lane, err)
		if err == nil {
			return nil
		}
		d.logger.Error("Refused rows cannot be kept; the table waits.", zap.Error(err))
		if !sleep(ctx, pause.NextBackOff()) {
			return ctx.Err()
		}
	}
}

// consume makes one call. A pipeline that changes what it gets is given a copy, so that a second try
// sends the same.
func (d *deliverer) consume(ctx context.Context, logs plog.Logs) error {
	records := logs.LogRecordCount()
	if d.next.Capabilities().MutatesData {
		own := plog.NewLogs()
		logs.CopyTo(own)
		logs = own
	}
	ctx = d.obsrep.StartLogsOp(ctx)
	err := d.next.ConsumeLogs(ctx, logs)
	d.obsrep.EndLogsOp(ctx, "defender", records, err)
	return err
}

func newBackOff(c configretry.BackOffConfig) *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     c.InitialInterval,
		RandomizationFactor: c.RandomizationFactor,
		Multiplier:          c.Multiplier,
		MaxInterval:         c.MaxInterval,
	}
}

// sleep returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
