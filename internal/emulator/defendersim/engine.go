package defendersim

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// query is a compiled query; of the KQL engine's it is what the APIs need.
type query interface {
	Columns() []engine.Column
	Run(ctx context.Context, yield func([]value.Value) bool) (scanned int64, err error)
}

type engineOptions struct {
	now      time.Time
	seed     uint64
	timespan *engine.Range
}

type compileFunc func(db engine.Database, text string, o engineOptions) (query, error)

type kqlQuery struct{ *engine.Query }

func (q kqlQuery) Run(ctx context.Context, yield func([]value.Value) bool) (int64, error) {
	stats, err := q.Query.Run(ctx, yield)
	return stats.RowsScanned, err
}

func compileKQL(db engine.Database, text string, o engineOptions) (query, error) {
	q, err := engine.Compile(db, text, engine.Options{Now: o.now, Seed: o.seed, Timespan: o.timespan})
	if err != nil {
		return nil, err
	}
	return kqlQuery{q}, nil
}
