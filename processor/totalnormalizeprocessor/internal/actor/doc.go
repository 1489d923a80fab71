// Package actor finds out who acted in a row, and whether that is a person: the rules of attribution, each with the
// reason that a drop is counted under, and the way by which a person was found.
//
//	acted.go       the order of the rules
//	alert.go       evidence of alerts
//	candidates.go  the accounts of a row that may have acted
//	loggedon.go    who was logged on
//	target.go      to whom it was done; person.go how a person is named
//	learning.go    what a row teaches the directories
//	resolver.go    whether an account is a person's
//	finding.go     what is found; reasons.go why nothing is
package actor
