package tables

import (
	"fmt"
	"strings"
)

// Type is a column's type in KQL.
type Type uint8

// The types that Defender's tables use. JSON is a documented `string` whose text is JSON; the
// service has been seen to send it as an object too.
const (
	String Type = iota
	JSON
	Bool
	Int
	Long
	DateTime
	Dynamic
)

var typeNames = map[string]Type{
	"string": String, "json": JSON, "bool": Bool, "int": Int, "long": Long, "datetime": DateTime, "dynamic": Dynamic,
}

// KQL is the type's name in the service's schema.
func (t Type) KQL() string {
	switch t {
	case String, JSON:
		return "string"
	case Bool:
		return "bool"
	case Int:
		return "int"
	case Long:
		return "long"
	case DateTime:
		return "datetime"
	default:
		return "dynamic"
	}
}

// Column is one column of a service's table.
type Column struct {
	Name string
	Type Type
}

// Schema is a table of the service.
type Schema struct {
	Name    string
	Columns []Column
	index   map[string]int
}

// Column returns the column with exactly this name.
func (s *Schema) Column(name string) (Column, bool) {
	i, ok := s.index[name]
	if !ok {
		return Column{}, false
	}
	return s.Columns[i], true
}

// NewSchema reads columns written as `Name:type`, the notation of Microsoft's own schema pages.
// A mistake in the declaration is a programming error, so it stops the program at start.
func NewSchema(name, columns string) *Schema {
	s := &Schema{Name: name, index: map[string]int{}}
	for field := range strings.FieldsSeq(columns) {
		column, typ, ok := strings.Cut(field, ":")
		t, known := typeNames[typ]
		if _, twice := s.index[column]; !ok || !known || twice {
			panic(fmt.Sprintf("BUG: schema %s: bad column %q", name, field))
		}
		s.index[column] = len(s.Columns)
		s.Columns = append(s.Columns, Column{Name: column, Type: t})
	}
	return s
}
