package tenant

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Columns are a table's columns as queries see them.
func Columns(s *tables.Schema) []kql.Column {
	columns := make([]kql.Column, len(s.Columns))
	for i, c := range s.Columns {
		columns[i] = kql.Column{Name: c.Name, Type: kqlType(c.Type)}
	}
	return columns
}

func kqlType(t tables.Type) kql.Type {
	switch t {
	case tables.Bool:
		return kql.Bool
	case tables.Int:
		return kql.Int
	case tables.Long:
		return kql.Long
	case tables.DateTime:
		return kql.DateTime
	case tables.Dynamic:
		return kql.Dynamic
	default:
		return kql.String
	}
}
