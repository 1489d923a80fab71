// Package service is a service that replays recorded rows, as fast as a client takes them, for benchmarks of that client.
// It speaks the part of Entra ID and of Microsoft Graph's runHuntingQuery that the receiver uses.
//
// A recording has, of each table, rows as a service has written them. The replayed table repeats them along a span of
// time: its row i arrives i steps after the beginning of the span. Only times and report ids are written anew, into bytes
// of the same width, so an answer costs little more than its copying. Each row is another one to the client, and the same
// range gives the same rows.
//
// It does not evaluate KQL. query.go tells the few shapes of the receiver's queries apart: the service's time, a probe, a
// page, a snapshot of a directory, a count by bins, and the counts of what filters leave. Anything else is refused. Filters are not looked
// at: they were in force when the rows were recorded.
//
//	recording.go  the rows and their file
//	template.go   a row whose times can be written anew
//	stream.go     a table's rows along time
//	query.go      what is asked
//	answer.go     answers as JSON
//	service.go    the endpoints
package service
