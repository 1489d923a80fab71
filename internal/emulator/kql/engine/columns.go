package engine

import (
	"slices"
	"strconv"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
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
func (l *columnList) addNamed(n *syntax.Node, named, preset string, column relationColumn) error {
	switch {
	case named != "":
		return l.addDeclared(n, named, column)
	case n.Kind == syntax.Name && l.index(preset) < 0, n.Kind == syntax.Name && l.chosen[preset]:
		return l.addDeclared(n, preset, column)
	}
	l.addUnique(l.orNumbered(preset), column)
	return nil
}

// addDeclared adds a column whose name must be new.
func (l *columnList) addDeclared(n *syntax.Node, name string, column relationColumn) error {
	if l.index(name) >= 0 {
		return syntax.SemanticError(n.Start, l.operator, "A column with the name '%s' is already declared.", name)
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

// assigned splits `name = expression`; the name is empty if there is none.
func assigned(n *syntax.Node) (name string, body *syntax.Node) {
	if n.Kind == syntax.Assign {
		return n.Text, n.Args[0]
	}
	return "", n
}
