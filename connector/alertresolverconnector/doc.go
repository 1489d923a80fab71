//go:generate go tool mdatagen metadata.yaml

// Package alertresolverconnector resolves alerts that security tests have raised. It is the only component of this module
// that writes to a tenant.
//
// It takes the records of the connector detection_rate. An alert that is evidence of an execution becomes a task. In passes,
// each task goes through these steps:
//
//  1. The alert is read. Without that, its state is minutes old, and there is no ETag.
//  2. The judge decides, by what was read alone: to resolve it, or to leave alone what somebody has touched.
//  3. In mode enabled, it is stored that the alert is about to be resolved. Then the status is changed, then a comment is
//     added. In mode dry_run nothing is written.
//  4. The receipt is stored, and handed on as a log record.
//
// A crash after step 3 is seen by the next pass: the alert is resolved in the words of this connector, and it was meant to
// be. So each alert is resolved once.
//
// Receipts of dry_run and of enabled are kept apart: what dry_run has decided is decided again by enabled.
//
// A user can stop all passes in the extension defender_control, also over a restart. It is asked before each request that
// writes.
//
//	connector.go  the component
//	pass.go       a pass: the steps of each task, and what their errors mean
//	errand.go     one task
//	receipts.go   the records of decisions
//	command.go    what the control extension sees and commands
//	resolver.go   what all of these share
//	switch.go     whether a user has stopped it
//	store.go      what is stored
//
// The parts are packages below internal:
//
//	task   which alerts wait, what was decided; the judge; no input or output
//	graph  the requests
package alertresolverconnector
