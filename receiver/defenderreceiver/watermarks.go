package defenderreceiver

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/watermark"
)

// announcer gives the watermarks of a table after its polls.
type announcer struct {
	emitter *watermark.Emitter
	track   *reader.Track
	logger  *zap.Logger
	failing bool // the last one was not given, which was told
}

// announce says up to when the table is complete. That nobody takes it is no failure of the poll: the next one says more.
func (a *announcer) announce(ctx context.Context) {
	err := a.emitter.Emit(ctx, watermark.Until(a.track.Ledger(), a.track.Overlap()))
	switch {
	case err != nil && !a.failing:
		a.logger.Warn("A watermark was not given; the next one says more. It is told again once one was given.", zap.Error(err))
	case err == nil && a.failing:
		a.logger.Info("Watermarks are given again.")
	}
	a.failing = err != nil
}

// announcer makes the announcer of a table.
func (b *builder) announcer(p parts, table string) *announcer {
	track := p.reader.Track
	return &announcer{track: track, logger: p.logger, emitter: watermark.New(b.store, b.cfg.Credentials.TenantID, table, func(until time.Time) error {
		return p.outlet.Announce(until, track.Ledger().Cursor().TimeBasis, b.now())
	})}
}
