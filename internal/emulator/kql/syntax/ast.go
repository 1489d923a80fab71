// Package syntax reads the text of a query: a lexer, a parser, and the tree that they make. What the names in a query
// mean it does not know.
//
// It reads the operators and the forms of expressions that the receiver's queries and its users' filters need (Words).
// Anything else is refused in the service's words, also statements other than let, and commands that manage a cluster.
//
//	parser.go              statements; parser_operators.go the operators; parser_expressions.go expressions
//	cursor.go              the place among the tokens
//	lexer.go               the tokens; lexer_literals.go those that are values
//	ast.go                 the tree
package syntax

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"

// Kind is what an expression is.
type Kind uint8

// The kinds of expressions, with what their fields hold.
const (
	Literal Kind = iota // Value
	Name                // Text
	Star                // *
	Member              // Args[0].Text
	Call                // Text(Args...)
	Minus               // -Args[0]
	Binary              // Args[0] Text Args[1]
	List                // Args[0] Text (Args[1:]...), or a query on the right
	Between             // Args[0] Text (Args[1] .. Args[2])
	Assign              // Text = Args[0]
	Query               // (Pipeline)
)

// Node is an expression as written.
type Node struct {
	Kind     Kind
	Start    int // the byte in the text at which it begins
	Text     string
	Args     []*Node
	Value    value.Value
	Pipeline *Pipeline
}

// Pipeline is a source and the operators it flows through.
type Pipeline struct {
	Source    *Node     // a table's name or a query in parentheses; nil if First is set
	First     *Operator // union or print at the beginning
	Operators []*Operator
}

// Operator is a tabular operator as written. Which fields count depends on its name.
type Operator struct {
	Name    string
	Start   int
	Kind    string  // of a join
	Columns []*Node // expressions of where, extend, project, print and summarize; the keys of a join
	By      []*Node
	Limit   *Node
	Orders  []Ordering
	Tables  []*Node
}

// Ordering is one key of a sort.
type Ordering struct {
	Expression *Node
	Ascending  bool
}

// Statement is `let name = query`; the last statement has no name and gives the result.
type Statement struct {
	Name  string
	Start int
	Body  *Node
}
