package hunting

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// Query is a compiled query; of the KQL engine's it is what the APIs need.
type Query interface {
	Columns() []engine.Column
	Run(ctx context.Context, yield func([]value.Value) bool) (scanned int64, err error)
}

// CompileOptions are what a query means something by beside its text.
type CompileOptions struct {
	Now      time.Time
	Seed     uint64
	Timespan *engine.Range
}

// Compile compiles queries; tests put another one in the place of CompileKQL.
type Compile func(db engine.Database, text string, o CompileOptions) (Query, error)

type kqlQuery struct{ *engine.Query }

func (q kqlQuery) Run(ctx context.Context, yield func([]value.Value) bool) (int64, error) {
	stats, err := q.Query.Run(ctx, yield)
	return stats.RowsScanned, err
}

// CompileKQL is the KQL engine.
func CompileKQL(db engine.Database, text string, o CompileOptions) (Query, error) {
	q, err := engine.Compile(db, text, engine.Options{Now: o.Now, Seed: o.Seed, Timespan: o.Timespan})
	if err != nil {
		return nil, err
	}
	return kqlQuery{q}, nil
}
