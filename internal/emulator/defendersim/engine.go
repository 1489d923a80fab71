package defendersim

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql"
)

// query is a compiled query; of the KQL engine's it is what the APIs need.
type query interface {
	Columns() []kql.Column
	Run(ctx context.Context, yield func([]kql.Value) bool) (scanned int64, err error)
}

type engineOptions struct {
	now      time.Time
	seed     uint64
	timespan *kql.Range
}

type compileFunc func(db kql.Database, text string, o engineOptions) (query, error)

type kqlQuery struct{ *kql.Query }

func (q kqlQuery) Run(ctx context.Context, yield func([]kql.Value) bool) (int64, error) {
	stats, err := q.Query.Run(ctx, yield)
	return stats.RowsScanned, err
}

func compileKQL(db kql.Database, text string, o engineOptions) (query, error) {
	q, err := kql.Compile(db, text, kql.Options{Now: o.now, Seed: o.seed, Timespan: o.timespan})
	if err != nil {
		return nil, err
	}
	return kqlQuery{q}, nil
}
