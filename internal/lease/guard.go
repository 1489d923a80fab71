package lease

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Guard is a pipeline that takes nothing once another worker may hold the lease. A worker that was frozen then does not
// hand on what another has handed on meanwhile. Without a term the pipeline is as it was.
func Guard(term Term, next consumer.Logs) consumer.Logs {
	if term == nil {
		return next
	}
	return guarded{next, term}
}

type guarded struct {
	consumer.Logs
	term Term
}

func (g guarded) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if !g.term.IsCertain() {
		return fmt.Errorf("rows are not handed on: %w", ErrFenced)
	}
	return g.Logs.ConsumeLogs(ctx, logs)
}
