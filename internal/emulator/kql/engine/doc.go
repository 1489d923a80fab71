// Package engine binds and evaluates queries of the Kusto Query Language as Defender's advanced hunting speaks it, for
// an emulator. It knows what the receiver asks and what its users write in filters (Words); anything else it refuses, in
// the service's words.
//
// Design. Package syntax makes a tree of the text, package value has the values. The binder resolves names, checks types
// and turns nodes into closures. A pipeline is cut into frames. A frame begins where rows come into being (a scan,
// summarize, join, union, ...) and lasts while operators only choose, rename or compute; its slots
// are the columns of the row it began with and every expression added since. A record is one row of
// a frame: a slot is computed when something reads it, at most once, so a column that a filter, a
// sort or a take has no use for is never computed. Operators that must hold rows (sort, join,
// arg_max) hold the row they began with, not its columns.
//
// A let statement is bound anew wherever it is used. Filters on Timestamp and ingestion_time() that
// follow a scan narrow its Bounds, through extend, project and let; they are evaluated all the same.
//
// Order is only what the query asked for: ties of a sort, a take without an order and every result
// whose last order is lost come in an order drawn from Options.Seed.
//
// Acceptance, and names and types of result columns, are compared in the tests with Microsoft's own
// parser (package oracle). It knows more of the language: testdata/refused.kql lists what is refused
// here, either since the service refuses it too (a string compared with a number) or since no query of
// the product needs it.
//
// Knowingly different from the service: the keys of a dynamic's text come in order of their names.
package engine
