// Package event reads TOTAL events for comparing them: two copies of one event have the same ID, and if their content is
// the same, the same fingerprints, in whatever format each was written.
//
// An event says some things that depend on when its row was read: whose act it is depends on what the directories knew
// then, and `lane` and `late` on what was read before. These are no part of Content. Person is the fingerprint of the
// first; the second are not compared.
//
//	event.go        what is known of an event
//	json.go         reads an event's JSON
//	fingerprint.go  hashes values
package event
