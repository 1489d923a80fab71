package kql

import "slices"

// selectColumns binds project-away, project-keep and project-reorder.
func (b *binder) selectColumns(o *operator, in *relation) (*relation, error) {
	var named []relationColumn
	for _, n := range o.columns {
		found, err := matching(in, n, o.name)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			if !containsColumn(named, c) {
				named = append(named, c)
			}
		}
	}
	columns := in.columns
	switch o.name {
	case "project-away":
		columns = without(columns, named)
	case "project-keep":
		columns = slices.DeleteFunc(slices.Clone(columns), func(c relationColumn) bool { return !containsColumn(named, c) })
	default:
		columns = slices.Concat(named, without(columns, named))
	}
	return in.columnsReplaced(columns), nil
}

func containsColumn(columns []relationColumn, wanted relationColumn) bool {
	return slices.ContainsFunc(columns, func(c relationColumn) bool { return c.Name == wanted.Name })
}

func without(columns, unwanted []relationColumn) []relationColumn {
	return slices.DeleteFunc(slices.Clone(columns), func(c relationColumn) bool { return containsColumn(unwanted, c) })
}

func (b *binder) rename(o *operator, in *relation) (*relation, error) {
	columns := slices.Clone(in.columns)
	for _, n := range o.columns {
		named, body := assigned(n)
		if len(named) != 1 || body.kind != nameNode {
			return nil, semanticError(n.start, o.name, "A renaming has the form New = Old.")
		}
		i := slices.IndexFunc(in.columns, func(c relationColumn) bool { return c.Name == body.text })
		if i < 0 {
			return nil, semanticError(body.start, o.name, "Failed to resolve column named '%s'.", body.text)
		}
		if slices.ContainsFunc(columns, func(c relationColumn) bool { return c.Name == named[0] }) {
			return nil, semanticError(n.start, o.name, "A column with the name '%s' is already declared.", named[0])
		}
		columns[i].Name = named[0]
	}
	return in.columnsReplaced(columns), nil
}

func (b *binder) getSchema(in *relation) *relation {
	columns := []Column{
		{Name: "ColumnName", Type: String},
		{Name: "ColumnOrdinal", Type: Long},
		{Name: "DataType", Type: String},
		{Name: "ColumnType", Type: String},
	}
	schema := in.schema()
	rel := newRelation(columns, func(x *execution, f *frame, yield func(*record) bool) {
		r := f.record(x)
		for i, c := range schema {
			r.begin(tuple{NewString(c.Name), NewLong(int64(i)), NewString(dotNetTypes[c.Type]), NewString(c.Type.String())})
			if !yield(r) {
				return
			}
		}
	})
	rel.ordered, rel.serialized = true, true
	return rel
}

// dotNetTypes are the names that getschema gives as DataType.
var dotNetTypes = map[Type]string{
	Bool: "System.SByte", Int: "System.Int32", Long: "System.Int64", Real: "System.Double", DateTime: "System.DateTime",
	TimeSpan: "System.TimeSpan", String: "System.String", Dynamic: "System.Object", GUID: "System.Guid",
}
