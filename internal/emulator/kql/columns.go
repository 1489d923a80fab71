package kql

import (
	"path"
	"slices"
	"strconv"
)

// columnList gathers an operator's result columns and gives each a name of its own.
type columnList struct {
	operator string
	columns  []relationColumn
	chosen   map[string]bool // names that the query gave, and may not give again
	unnamed  int
}

func (l *columnList) index(name string) int {
	return slices.IndexFunc(l.columns, func(c relationColumn) bool { return c.Name == name })
}

// addNamed adds a column under the name the query gave it, else under a default one.
func (l *columnList) addNamed(n *node, named []string, preset string, column relationColumn) error {
	switch {
	case len(named) > 1:
		return semanticError(n.start, l.operator, "The expression gives one column, not %d.", len(named))
	case len(named) == 1:
		return l.addDeclared(n, named[0], column)
	case n.kind == nameNode && l.index(preset) < 0, n.kind == nameNode && l.chosen[preset]:
		return l.addDeclared(n, preset, column)
	}
	l.addUnique(l.orNumbered(preset), column)
	return nil
}

// addDeclared adds a column whose name must be new.
func (l *columnList) addDeclared(n *node, name string, column relationColumn) error {
	if l.index(name) >= 0 {
		return semanticError(n.start, l.operator, "A column with the name '%s' is already declared.", name)
	}
	if l.chosen == nil {
		l.chosen = map[string]bool{}
	}
	l.chosen[name] = true
	column.Name = name
	l.columns = append(l.columns, column)
	return nil
}

// orNumbered is name, or Column1, Column2, ... for the columns that have none.
func (l *columnList) orNumbered(name string) string {
	if name != "" {
		return name
	}
	l.unnamed++
	return "Column" + strconv.Itoa(l.unnamed)
}

// addUnique adds a column under name, with the first free number behind it if it is taken.
func (l *columnList) addUnique(name string, column relationColumn) {
	column.Name = l.unique(name)
	l.columns = append(l.columns, column)
}

func (l *columnList) unique(name string) string {
	if l.index(name) < 0 {
		return name
	}
	for i := 1; ; i++ {
		if numbered := name + strconv.Itoa(i); l.index(numbered) < 0 {
			return numbered
		}
	}
}

// put replaces the column of this name, or adds it.
func (l *columnList) put(name string, column relationColumn) {
	column.Name = name
	if i := l.index(name); i >= 0 {
		l.columns[i] = column
		return
	}
	l.columns = append(l.columns, column)
}

// outputNames names the columns of an aggregate that gives several: those the query listed first.
type outputNames struct {
	list   *columnList
	node   *node
	named  []string
	prefix string
	used   int
}

func (o *outputNames) add(preset string, column relationColumn) error {
	i := o.used
	o.used++
	if i < len(o.named) {
		return o.list.addDeclared(o.node, o.named[i], column)
	}
	o.list.addUnique(o.prefix+preset, column)
	return nil
}

// assigned splits `names = expression`.
func assigned(n *node) (names []string, body *node) {
	if n.kind == assignNode {
		return n.names, n.args[0]
	}
	return nil, n
}

// matching are the columns that a name or a pattern such as Initiating* stands for.
func matching(rel *relation, n *node, operator string) ([]relationColumn, error) {
	if n.kind == nameNode {
		c, ok := rel.column(n.text)
		if !ok {
			return nil, semanticError(n.start, operator, "Failed to resolve column named '%s'.", n.text)
		}
		return []relationColumn{c}, nil
	}
	var found []relationColumn
	for _, c := range rel.columns {
		if ok, err := path.Match(n.text, c.Name); ok && err == nil {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return nil, semanticError(n.start, operator, "Failed to resolve column named '%s'.", n.text)
	}
	return found, nil
}
