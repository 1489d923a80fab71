package engine

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"

// operator binds one tabular operator over its input, which is nil where it begins a query.
func (b *binder) operator(o *syntax.Operator, in *relation, s *scope) (*relation, error) {
	b.operators++
	if err := b.enter(o.Start); err != nil {
		return nil, err
	}
	defer b.leave()
	switch {
	case o.Name == "union":
		return b.union(o, in, s)
	case in == nil:
		return b.print(o, s)
	}
	switch o.Name {
	case "where":
		return b.where(o, in, s)
	case "extend":
		return b.extend(o, in, s)
	case "project":
		return b.project(o, in, s)
	case "take":
		return b.take(o, in, s)
	case "sort", "order":
		return b.sort(o, in, s)
	case "summarize":
		return b.summarize(o, in, s)
	case "join":
		return b.join(o, in, s)
	}
	return nil, syntax.SemanticError(o.Start, o.Name, "The operator cannot be used here.")
}
