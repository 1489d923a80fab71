// Package emitted remembers which records of an alert were handed on, so that a later version of the alert gives the new
// ones only, and a record has the same number each time.
//
// A call works on drafts. What it drafts counts when the call is committed, that is when the next consumer has accepted
// the records. A draft that is thrown away leaves no trace.
//
//	Open -> Draft(alert) ... Number(indicator) ... -> Commit    the records were accepted
//	                                                 (nothing)  they were refused, and come again
//
// With a storage, the book reads an alert when a version of it comes, and keeps as many in memory as there is room for.
// Without one, what there is no room for is forgotten.
package emitted
