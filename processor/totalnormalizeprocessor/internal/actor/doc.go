// Package actor finds out who acted in a row, and whether that is a person: the rules of attribution, each with the
// reason that a drop is counted under, and the way by which a person was found.
package actor
