package totalnormalizeprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/drops"
)

// accounting counts what calls drop once they are accepted. A call that is refused comes again.
type accounting struct {
	processor.Logs
	drops *drops.Counter
}

func (a *accounting) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	ctx, call := drops.Begin(ctx)
	if err := a.Logs.ConsumeLogs(ctx, logs); err != nil {
		return err
	}
	a.drops.Add(call)
	return nil
}

// dayOf is the day that the receiver's report counts a row in: that of its arrival, and in history, or where the arrival
// is not known, that of its event.
func dayOf(record plog.LogRecord) proof.Day {
	if !logrecord.IsBackfill(record) {
		if arrived, ok := logrecord.IngestionTime(record); ok {
			return proof.DayOf(arrived)
		}
	}
	return proof.DayOf(record.Timestamp().AsTime())
}
