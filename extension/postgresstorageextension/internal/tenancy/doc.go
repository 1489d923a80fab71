// Package tenancy is one worker's side of leases: which it holds, since when, and until when it may be sure of it.
//
// A term is renewed every quarter of the lease's duration. A worker that could not renew it for half of the duration
// stops by its own monotonic clock, while the database still keeps others from taking the lease: calls that are under way
// have the other half to end. A worker that was frozen hears from the database, with its first write, that its term is
// over.
//
//	|-- sent ----------- 1/4 ----------- 2/4 ----------------------------- 4/4 |
//	   a renewal         the next one    the worker stops without one          others may take the lease
//
// The worker has a term of its own, its session, which nobody else ever takes. It shows that the worker lives, and guards
// what components store that use a part of the storage together with other workers.
//
//	worker.go  the terms of this worker
//	term.go    one term and its renewals
//	share.go   how many leases a worker should hold: a decision
//	tally.go   counts what becomes of terms
package tenancy
