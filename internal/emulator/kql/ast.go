package kql

type nodeKind uint8

const (
	literalNode nodeKind = iota
	nameNode
	starNode     // *
	wildcardNode // s*, in lists of columns
	memberNode   // args[0].text
	elementNode  // args[0][args[1]]
	callNode     // text(args...)
	unaryNode    // text args[0]
	binaryNode   // args[0] text args[1]
	listNode     // args[0] text (args[1:]...), or query on the right
	betweenNode  // args[0] text (args[1] .. args[2])
	assignNode   // names = args[0]
	queryNode    // (query)
	typeNode     // typeof(text)
)

// node is an expression as written.
type node struct {
	kind  nodeKind
	start int
	text  string
	names []string
	args  []*node
	value Value
	query *pipeline
}

// pipeline is a source and the operators it flows through.
type pipeline struct {
	source    *node     // a name, a call, a parenthesised query; nil if first is set
	first     *operator // union, print, datatable, range standing at the beginning
	operators []*operator
}

// operator is a tabular operator as written. Which fields count depends on its name.
type operator struct {
	name    string
	start   int
	options map[string]*node // kind=inner, withsource=X
	columns []*node
	by      []*node
	hasBy   bool
	limit   *node
	orders  []ordering
	tables  []*node
	types   []Type // of mv-expand's columns, Unknown where none is given
	schema  []Column
}

type ordering struct {
	expression *node
	ascending  bool
	nullsFirst bool
}

// statement is `let name = ...`; the query's last statement has no name.
type statement struct {
	name     string
	start    int
	body     *node // an expression or a query; which one, a plain name leaves open
	function *functionNode
}

type parameter struct {
	name    string
	typ     Type // Unknown: tabular
	columns []Column
	preset  *node
}

type functionNode struct {
	parameters []parameter
	body       []statement // the last is what the function gives
}
