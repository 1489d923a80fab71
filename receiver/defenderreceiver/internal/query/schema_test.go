package query

import (
	"context"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// emptyTable is a service's table without rows.
type emptyTable struct{ *tables.Schema }

func (t emptyTable) Columns() []engine.Column { return tenant.Columns(t.Schema) }

func (emptyTable) Scan(context.Context, engine.Bounds, func(engine.Row) bool) error { return nil }
