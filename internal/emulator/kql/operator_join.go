package kql

// joinKind says which rows a join gives.
type joinKind struct {
	pairs               bool // rows of both sides together
	leftRest, rightRest bool // rows without a partner too
	oneOfEach           bool // innerunique: one left row of each key
	semi, anti          bool // one side's rows that have, or lack, a partner
	right               bool // of semi and anti: the right side's
}

var joinKinds = map[string]joinKind{
	"innerunique": {pairs: true, oneOfEach: true},
	"inner":       {pairs: true},
	"leftouter":   {pairs: true, leftRest: true},
	"rightouter":  {pairs: true, rightRest: true},
	"fullouter":   {pairs: true, leftRest: true, rightRest: true},
	"leftsemi":    {semi: true}, "rightsemi": {semi: true, right: true},
	"leftanti": {anti: true}, "anti": {anti: true}, "leftantisemi": {anti: true},
	"rightanti": {anti: true, right: true}, "rightantisemi": {anti: true, right: true},
}

// joining is a bound join.
type joining struct {
	kind                joinKind
	left, right         *relation
	leftKeys, rightKeys []*expr
	// columns of the result: of the left side, or of the right one counted from the left's number on.
	columns []int
}

func (b *binder) join(o *operator, left *relation, s *scope) (*relation, error) {
	right, err := b.tabular(o.tables[0], s, o.name)
	if err != nil {
		return nil, err
	}
	j := &joining{left: left, right: right}
	if j.kind, err = joinKindOf(o); err != nil {
		return nil, err
	}
	lookupKeys := map[string]bool{}
	for _, condition := range o.columns {
		if err = b.joinCondition(j, o, condition, lookupKeys); err != nil {
			return nil, err
		}
	}
	list := &columnList{operator: o.name}
	if j.kind.pairs || !j.kind.right {
		list.columns = append(list.columns, left.columns...)
		for i := range left.columns {
			j.columns = append(j.columns, i)
		}
	}
	if j.kind.pairs || j.kind.right {
		for i, c := range right.columns {
			if o.name == "lookup" && lookupKeys[c.Name] {
				continue
			}
			list.addUnique(c.Name, c)
			j.columns = append(j.columns, len(left.columns)+i)
		}
	}
	schema := make([]Column, len(list.columns))
	for i, c := range list.columns {
		schema[i] = c.Column
	}
	return newRelation(schema, j.produce), nil
}

func joinKindOf(o *operator) (joinKind, error) {
	name := "innerunique"
	if o.name == "lookup" {
		name = "leftouter"
	}
	for option, value := range o.options {
		switch {
		case option == "kind":
			name = value.text
		case option == "hint.strategy", option == "hint.remote", option == "hint.shufflekey", option == "hint.num_partitions":
		default:
			return joinKind{}, semanticError(value.start, o.name, "The option '%s' is not known.", option)
		}
	}
	kind, ok := joinKinds[name]
	if !ok || o.name == "lookup" && name != "leftouter" && name != "inner" {
		return joinKind{}, semanticError(o.start, o.name, "The join kind '%s' is not known.", name)
	}
	return kind, nil
}

// joinCondition binds `A` or `$left.a == $right.b`, and chains of them with `and`.
func (b *binder) joinCondition(j *joining, o *operator, n *node, lookupKeys map[string]bool) error {
	if n.kind == binaryNode && n.text == "and" {
		for _, part := range n.args {
			if err := b.joinCondition(j, o, part, lookupKeys); err != nil {
				return err
			}
		}
		return nil
	}
	var leftName, rightName string
	switch {
	case n.kind == nameNode:
		leftName, rightName = n.text, n.text
	case n.kind == binaryNode && n.text == "==":
		leftName, rightName = sideColumn(n.args[0], "$left"), sideColumn(n.args[1], "$right")
	}
	if leftName == "" || rightName == "" {
		return semanticError(n.start, o.name, "Only equality is allowed in this context: a column's name, or $left.A == $right.B.")
	}
	leftColumn, ok := j.left.column(leftName)
	if !ok {
		return semanticError(n.start, o.name, "Failed to resolve scalar expression named '%s'.", leftName)
	}
	rightColumn, ok := j.right.column(rightName)
	if !ok {
		return semanticError(n.start, o.name, "Failed to resolve scalar expression named '%s'.", rightName)
	}
	typ := leftColumn.Type
	if typ != rightColumn.Type {
		if !typ.isInteger() || !rightColumn.Type.isInteger() {
			return semanticError(n.start, o.name, "Inconsistent data types for the join keys '%s' (%s) and '%s' (%s).",
				leftName, leftColumn.Type, rightName, rightColumn.Type)
		}
		typ = Long
	}
	if typ == Dynamic {
		return semanticError(n.start, o.name, "The join key '%s' is of a 'dynamic' type. Please use an explicit cast.", leftName)
	}
	lookupKeys[rightName] = true
	j.leftKeys = append(j.leftKeys, convertExpr(readSlot(leftColumn), typ))
	j.rightKeys = append(j.rightKeys, convertExpr(readSlot(rightColumn), typ))
	return nil
}

// sideColumn is the column of one side that an operand names, as in $left.A.
func sideColumn(n *node, side string) string {
	if n.kind == memberNode && n.args[0].kind == nameNode && n.args[0].text == side {
		return n.text
	}
	return ""
}
