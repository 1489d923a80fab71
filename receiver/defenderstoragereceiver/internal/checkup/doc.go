// Package checkup is the connection test: it walks from this machine to the containers of the export, step by step, and says of
// each step what it found and what to do about it.
//
// It sends GET alone, and not more of them than one round of the receiver's own lists has, and a read of one byte for each
// container. A step that fails leaves out those that depend on it, so that one cause is one message.
//
//	checkup.go   the walk, step by step
//	settings.go  what a test needs of its receiver
//	meter.go     what was sent, and the service's clock
//	look.go      what the account says of a container
//	judge.go     what that means, and its remedy
//	finding.go   what an error means, and its remedy
package checkup
