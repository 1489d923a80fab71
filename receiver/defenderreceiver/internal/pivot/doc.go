// Package pivot decides which rows of the hunting tables belong to an alert, and what is asked for them. It does no input
// or output.
//
// Each piece of an alert's evidence becomes tasks: a process by its device, id and creation time, a file by its hash, an
// address, a host, a person, a device. A Book keeps the tasks of all alerts, and says which of them are due. Those become a
// Group, which is one query of one table; the rows of its answer are matched here, and not on the server, so that no text of
// an alert decides about the shape of a query.
//
//	alert.go    what of an alert counts
//	shape.go    which values may stand in a query
//	task.go     what is asked for a piece of evidence
//	rules.go    the tasks of an alert
//	case.go     one alert, and what was found for it
//	book.go     all alerts, and what is due
//	group.go    the tasks of one query, and its KQL
//	match.go    the alerts that a row belongs to
//	stored.go   the stored form
package pivot
