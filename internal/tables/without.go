package tables

import "slices"

// Needs reports whether the table cannot be read without a column: its rows could not be ordered, told apart, joined
// or kept apart from partial ones.
func (t *Table) Needs(column string) bool {
	needed := append([]string{TimestampColumn, t.Key, t.Whole}, t.Identity...)
	if t.Kind == Alerts {
		needed = append(needed, "AlertId", "EntityType")
	}
	return column == "" || slices.Contains(needed, column)
}

// Without is the table as a service has it that lacks some columns. Columns that the table needs stay.
func (t *Table) Without(columns ...string) *Table {
	lacking := func(name string) bool { return slices.Contains(columns, name) && !t.Needs(name) }
	left := *t
	left.Schema, left.Info = t.Schema.without(lacking), t.Info.without(lacking)
	left.Accounts = nil
	for _, a := range t.Accounts {
		for _, column := range []*string{&a.Domain, &a.Name, &a.SID, &a.UPN, &a.ObjectID} {
			if lacking(*column) {
				*column = ""
			}
		}
		left.Accounts = append(left.Accounts, a)
	}
	return &left
}

// without is the schema without the columns that are lacking; nil stays nil.
func (s *Schema) without(lacking func(string) bool) *Schema {
	if s == nil {
		return nil
	}
	left := &Schema{Name: s.Name, index: map[string]int{}}
	for _, c := range s.Columns {
		if !lacking(c.Name) {
			left.index[c.Name] = len(left.Columns)
			left.Columns = append(left.Columns, c)
		}
	}
	return left
}
