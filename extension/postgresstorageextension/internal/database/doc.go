// Package database is the storage's part of a PostgreSQL database: leases, and entries that a lease guards.
//
//	shard(id, worker, instance, scope, epoch, since, until)    a lease: who holds it, in which term, until when
//	entry(space, key, value)                                   what components store; a space is one component's part
//
// The database's clock alone decides when a lease is over. Workers compare no clocks with each other.
//
// A term is a pair of an instance, which is one start of one worker, and an epoch, which grows with each term of a lease.
// Each write is one statement: it renews the lease if the term is the present one and is not over, and only then it
// changes entries. A statement is a transaction by itself, and holds no lock while it waits for the worker, so a worker
// that is frozen keeps nobody from taking its lease. Because an instance is part of a term, no other process ever has the
// same term, even if a database that was restored, or a replica that lagged, counts epochs again.
//
//	database.go    the connections, and errors that repeat no secret
//	statements.go  the SQL
//	schema.go      makes the tables
//	leases.go      taking, renewing and giving back leases
//	entries.go     reading and writing entries
package database
