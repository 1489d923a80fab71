// Package failure decides what becomes of a table whose poll failed.
//
// Judge is a pure function: an error and the table's situation give a Verdict, which says what the error is
// about (Cause), whether the table pauses and why, and how long it waits. The loop that polls carries the
// verdict out. Run counts failures in a row.
//
// A Gate is what the loops of one receiver share while they wait: it holds all of them back while the
// credentials are refused, and wakes those whose trouble can pass as soon as another one succeeds.
//
// One principle underlies the rules: only the service's own answer to a query is about the query. The answer of a
// gateway, a network error or an outage passes by itself, and says nothing of the query or its size.
package failure
