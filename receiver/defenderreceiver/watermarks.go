package defenderreceiver

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/watermark"
)

// announcer gives the watermarks of a table after its polls.
type announcer struct {
	emitter *watermark.Emitter
	logger  *zap.Logger
	failing bool // the last one was not given, which was told
}

// announce says up to when the table is complete. That nobody takes it is no failure of the poll: the next one says more.
func (a *announcer) announce(ctx context.Context, t *reader) {
	err := a.emitter.Emit(ctx, watermark.Until(t.ledger, t.overlap()))
	switch {
	case err != nil && !a.failing:
		a.logger.Warn("A watermark was not given; the next one says more. It is told again once one was given.", zap.Error(err))
	case err == nil && a.failing:
		a.logger.Info("Watermarks are given again.")
	}
	a.failing = err != nil
}

// newAnnouncer makes the announcer of a table.
func (r *defenderReceiver) newAnnouncer(t *reader) *announcer {
	return &announcer{logger: t.logger, emitter: watermark.New(r.store, r.cfg.Credentials.TenantID, t.name, func(until time.Time) error {
		return t.outlet.Announce(until, t.ledger.TimeBasis(), t.now())
	})}
}
