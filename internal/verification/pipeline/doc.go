// Package pipeline makes events of rows as a configuration does: it finds the pipelines from a `defender` receiver to an
// exporter, and runs their processors, each made by its own factory of the distribution from what is written for it.
//
// Two things differ from the collector. Processors that say when records are handed on and change nothing in them (batch,
// memory_limiter) are left out. And total_normalize gets no storage: what it keeps there is the collector's, and the
// directories are read anew instead.
//
//	route.go  Find: the way from the receiver to the exporter
//	chain.go  Chain: the processors of a route
//	host.go   Host: the extensions that the receiver needs
package pipeline
