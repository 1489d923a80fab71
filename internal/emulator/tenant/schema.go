package tenant

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Columns are a table's columns as queries see them.
func Columns(s *tables.Schema) []engine.Column {
	columns := make([]engine.Column, len(s.Columns))
	for i, c := range s.Columns {
		columns[i] = engine.Column{Name: c.Name, Type: kqlType(c.Type)}
	}
	return columns
}

func kqlType(t tables.Type) value.Type {
	switch t {
	case tables.Bool:
		return value.Bool
	case tables.Int:
		return value.Int
	case tables.Long:
		return value.Long
	case tables.DateTime:
		return value.DateTime
	case tables.Dynamic:
		return value.Dynamic
	default:
		return value.String
	}
}
