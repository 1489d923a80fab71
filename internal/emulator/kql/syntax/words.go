package syntax

import (
	"maps"
	"slices"
	"strings"
)

// Words are the tabular operators and the operators of expressions that Parse knows. An operator stands for its negated
// form with ! and its case-sensitive one with _cs too.
func Words() []string {
	words := map[string]bool{"and": true, "or": true, "between": true, "matches regex": true}
	for _, group := range [][]string{
		slices.Collect(maps.Keys(operatorParsers)), equalityOperators, orderOperators, sumOperators, listOperators, stringOperators,
	} {
		for _, word := range group {
			words[wordOf(word)] = true
		}
	}
	return slices.Sorted(maps.Keys(words))
}

// Used are the words in a query, and the functions that it calls.
func Used(statements []Statement) []string {
	u := used{}
	for _, s := range statements {
		u.node(s.Body)
	}
	return slices.Sorted(maps.Keys(u))
}

// wordOf is the operator that a form of it is listed under.
func wordOf(form string) string {
	if form == "!~" {
		return "=~"
	}
	if form == "!=" {
		return form
	}
	return strings.TrimSuffix(strings.TrimPrefix(form, "!"), "_cs")
}

type used map[string]bool

func (u used) node(n *Node) {
	switch n.Kind {
	case Call:
		u[n.Text] = true
	case Minus, Binary, List, Between:
		u[wordOf(n.Text)] = true
	case Query:
		u.pipeline(n.Pipeline)
	default:
	}
	u.nodes(n.Args)
}

func (u used) nodes(all []*Node) {
	for _, n := range all {
		u.node(n)
	}
}

func (u used) pipeline(p *Pipeline) {
	if p.Source != nil {
		u.node(p.Source)
	}
	operators := p.Operators
	if p.First != nil {
		operators = append([]*Operator{p.First}, operators...)
	}
	for _, o := range operators {
		u[o.Name] = true
		u.nodes(o.Columns)
		u.nodes(o.By)
		u.nodes(o.Tables)
		if o.Limit != nil {
			u.node(o.Limit)
		}
		for _, order := range o.Orders {
			u.node(order.Expression)
		}
	}
}
