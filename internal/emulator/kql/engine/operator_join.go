package engine

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// joining is a bound join: the rows of both sides together whose keys are equal and, with leftRest, the left rows
// without a partner.
type joining struct {
	leftRest            bool
	left, right         *relation
	leftKeys, rightKeys []*expr
}

// join binds joins of the two kinds inner and leftouter, on columns that both sides have.
func (b *binder) join(o *syntax.Operator, left *relation, s *scope) (*relation, error) {
	right, err := b.tabular(o.Tables[0], s, o.Name)
	if err != nil {
		return nil, err
	}
	if o.Kind != "inner" && o.Kind != "leftouter" {
		return nil, syntax.SemanticError(o.Start, o.Name, "The join kind '%s' is not known.", o.Kind)
	}
	j := &joining{left: left, right: right, leftRest: o.Kind == "leftouter"}
	for _, key := range o.Columns {
		if err = j.addKey(o, key); err != nil {
			return nil, err
		}
	}
	list := &columnList{operator: o.Name, columns: append([]relationColumn(nil), left.columns...)}
	for _, c := range right.columns {
		list.addUnique(c.Name, c)
	}
	schema := make([]Column, len(list.columns))
	for i, c := range list.columns {
		schema[i] = c.Column
	}
	return newRelation(schema, j.produce), nil
}

func (j *joining) addKey(o *syntax.Operator, n *syntax.Node) error {
	if n.Kind != syntax.Name {
		return syntax.SemanticError(n.Start, o.Name, "Only a column's name is allowed in this context.")
	}
	left, ok := j.left.column(n.Text)
	right, okToo := j.right.column(n.Text)
	switch {
	case !ok || !okToo:
		return syntax.SemanticError(n.Start, o.Name, "Failed to resolve scalar expression named '%s'.", n.Text)
	case left.Type != right.Type:
		return syntax.SemanticError(n.Start, o.Name, "Inconsistent data types for the join key '%s' (%s and %s).", n.Text, left.Type, right.Type)
	case left.Type == value.Dynamic:
		return syntax.SemanticError(n.Start, o.Name, "The join key '%s' is of a 'dynamic' type. Please use an explicit cast.", n.Text)
	}
	j.leftKeys = append(j.leftKeys, readSlot(left))
	j.rightKeys = append(j.rightKeys, readSlot(right))
	return nil
}

// joinRow is a pair of rows; a right side without a partner is nil. Columns are computed when asked for.
type joinRow struct {
	j           *joining
	left, right *heldRow
	records     *joinRecords
}

// joinRecords are the free records that joined rows are read with.
type joinRecords struct{ left, right *record }

func (p joinRow) Value(column int) value.Value {
	i := column - len(p.j.left.columns)
	if i < 0 {
		return p.left.column(p.records.left, p.j.left.columns[column])
	}
	return p.right.column(p.records.right, p.j.right.columns[i])
}

// column reads a column of a held row, of none null.
func (h *heldRow) column(r *record, c relationColumn) value.Value {
	if h == nil {
		return value.Null(c.Type)
	}
	h.show(r)
	return r.get(c.slot)
}

func (p joinRow) IngestionTime() value.Value { return value.Null(value.DateTime) }
func (p joinRow) Clone() Row                 { return p }

// produce holds the right rows by key, then looks up each left one.
func (j *joining) produce(x *execution, f *frame, yield func(*record) bool) {
	out := f.record(x)
	records := &joinRecords{left: j.left.frame.record(x), right: j.right.frame.record(x)}
	rights := map[string][]*heldRow{}
	j.right.produce(x, func(r *record) bool {
		if key, ok := joinKey(r, j.rightKeys); ok {
			rights[key] = append(rights[key], &heldRow{row: r.keep()})
		}
		return x.err == nil
	})
	if x.err != nil {
		return
	}
	alone := []*heldRow{nil}
	j.left.produce(x, func(r *record) bool {
		var partners []*heldRow
		if key, ok := joinKey(r, j.leftKeys); ok {
			partners = rights[key]
		}
		if partners == nil && j.leftRest {
			partners = alone
		}
		if partners == nil {
			return x.err == nil
		}
		left := &heldRow{row: r.keep()}
		for _, right := range partners {
			out.begin(joinRow{j: j, left: left, right: right, records: records})
			if !x.step() || !yield(out) {
				return false
			}
		}
		return true
	})
}

// joinKey is the record's key, or false if a part of it is null: it has no partner.
func joinKey(r *record, keys []*expr) (string, bool) {
	var key []byte
	for _, k := range keys {
		v := k.eval(r)
		if v.IsNull() {
			return "", false
		}
		key = value.AppendKey(key, v)
	}
	return string(key), true
}
