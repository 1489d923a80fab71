package engine

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// function is a scalar function. bind gets arguments whose number is right.
type function struct {
	min, max int // of arguments
	// namesResult: a column computed by it without a name takes that of its first argument.
	namesResult bool
	bind        func(c *exprBinder, n *syntax.Node, args []*expr) (*expr, error)
}

const anyNumber = 64

// types is a set of the types that an argument may have.
type types uint16

func (t types) has(typ value.Type) bool { return t&(1<<typ) != 0 }

const (
	integers  types = 1<<value.Int | 1<<value.Long
	numbers         = integers | 1<<value.Real
	texts     types = 1<<value.String | 1<<value.Dynamic
	moments   types = 1 << value.DateTime
	spans     types = 1 << value.TimeSpan
	truths    types = 1 << value.Bool
	anything  types = 1<<15 - 1
	scalars         = anything &^ (1 << value.Dynamic)
	orderable       = numbers | moments | spans
)

// checked makes the bind of a function whose arguments have these types; the last repeats.
func checked(bind func(c *exprBinder, args []*expr) *expr, parameters ...types) func(*exprBinder, *syntax.Node, []*expr) (*expr, error) {
	return func(c *exprBinder, n *syntax.Node, args []*expr) (*expr, error) {
		if err := c.check(n, args, parameters...); err != nil {
			return nil, err
		}
		return bind(c, args), nil
	}
}

// check refuses arguments whose types are not among parameters, of which the last repeats.
func (c *exprBinder) check(n *syntax.Node, args []*expr, parameters ...types) error {
	for i, a := range args {
		if want := parameters[min(i, len(parameters)-1)]; !want.has(a.typ) {
			return c.fail(n.Args[i], "The function '%s' does not take a value of type %s as argument %d.", n.Text, a.typ, i+1)
		}
	}
	return nil
}

func (c *exprBinder) arity(n *syntax.Node, least, most int) error {
	if least == most {
		return c.fail(n, "The function '%s' expects %d argument(s).", n.Text, least)
	}
	return c.fail(n, "The function '%s' expects between %d and %d arguments.", n.Text, least, most)
}
