// Package postgresstorageextension keeps the state of components in PostgreSQL, so that several processes with one
// configuration, called workers, take over from each other.
//
// Three kinds of components use it, each in the way that suits it:
//
//	Lease      one worker at a time runs the component: a receiver. It asks for its lease, reads its state only then, and
//	           forgets it when the lease is lost. Everything that it stores is checked against the lease.
//	Share      every worker runs the component, each for what its own receivers read: a processor. They use one part of the
//	           storage, entry by entry. A worker reads the part before its first call, and again after it has taken over a
//	           receiver, so it knows what the worker before it knew. A worker that was frozen must read it before it may
//	           store.
//	GetClient  one process at a time has the part open, as with a file: any component of the Collector.
//
// A lease is a row with a holder, an epoch and an end. The database's clock alone says when it has ended. Every change of
// entries is one statement with the check of the lease in it (internal/database). A worker stops a receiver by its own
// monotonic clock when it could not renew for half of lease_duration (internal/tenancy). Workers share the receivers
// equally: one that holds more than its share gives the youngest to the others, and one that holds fewer takes what is
// free first.
//
// At shutdown the leases are given back by the extension, which ends after all pipelines: whoever takes over finds what
// receivers and processors have stored last. A worker that is killed keeps its leases until they run out.
//
// What cannot be fenced is the destination. A worker that is frozen within a call of the pipeline delivers what the call
// holds when it wakes up, with the same ids as the worker that took over: at most a page a table and takeover.
//
//	extension.go  the component, and the three ways to open a part
//	client.go     the storage.Client of each way
//	telemetry.go  the metrics of leases
//	config.go     the settings
package postgresstorageextension

//go:generate go tool mdatagen metadata.yaml
