package query

import (
	"context"

	"github.com/otelcol-defender/otelcol-defender/internal/kql"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// emptyTable is a service's table without rows.
type emptyTable struct{ *tables.Schema }

func (t emptyTable) Columns() []kql.Column {
	types := map[string]kql.Type{
		"string": kql.String, "bool": kql.Bool, "int": kql.Int, "long": kql.Long, "datetime": kql.DateTime, "dynamic": kql.Dynamic,
	}
	var columns []kql.Column
	for _, c := range t.Schema.Columns {
		columns = append(columns, kql.Column{Name: c.Name, Type: types[c.Type.KQL()]})
	}
	return columns
}

func (emptyTable) Scan(context.Context, kql.Bounds, func(kql.Row) bool) error { return nil }
