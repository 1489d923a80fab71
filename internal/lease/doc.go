// Package lease lets a component live only while this worker holds the component's lease.
//
// Several processes with one configuration, called workers here, may share a storage. A storage extension that knows of
// leases is a [Lessor]: it gives the lease of a component to one worker at a time. How long a worker holds it is a
// [Term]. All that the component stores in a term is checked against the term by the storage itself, so a worker that was
// frozen, and whose lease another has taken meanwhile, can store nothing any more.
//
// [Component] stands around a component that keeps state in memory. Its Start returns at once. In the background it asks
// for the lease, makes a component of its own for each term, and shuts that down when the term ends: what it had in
// memory is forgotten, and the next term begins with what is stored. With a storage that is no Lessor, such as
// file_storage, the component is started once and lives as long as the Collector.
//
//	lease.go      what a storage extension offers: Lessor, Term, Holder, and their errors
//	component.go  a component that lives in terms
//	host.go       the Collector as a component sees it in a term: its storage is that of the term
//	guard.go      a pipeline that takes nothing once the term is over
package lease
