// Package checkup is the connection test: it walks from this machine to the tenant's tables, step by step, and says of each
// step what it found and what to do about it.
//
// It asks with the receiver's own clients, in the receiver's turn and quota. A step that fails leaves out those that
// depend on it, so that one cause is one message and no query is wasted.
//
//	checkup.go  the walk, step by step
//	walk.go     what a step notes: checks and their findings
//	ask.go      queries in the receiver's turn
//	settings.go what a test needs of its receiver
//	access.go   token, roles, the first query, the clocks
//	table.go    what can be read of each table
//	finding.go  what an error means, and its remedy
package checkup
