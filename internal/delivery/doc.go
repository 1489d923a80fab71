// Package delivery hands rows to the pipeline and finds out what became of each.
//
// A Batch collects rows as log records. Deliver offers them and returns an Outcome for each row:
//
//	accepted              delivered
//	refused for the moment   held and offered again with growing pauses
//	refused for good      the call is split, until it is clear what is refused:
//	                        the row, if it is refused again and again while others are accepted: refused
//	                        the destination, if nothing is accepted: held like a refusal for the moment
//
// Only a refused row is put into the dead letters. What the pipeline has accepted is not offered again, unless it was
// part of a call that also held a refused row: an exporter does not tell which rows of a call it took. So rows that
// are large enough to be refused for their size travel in calls of their own.
//
//	record.go      a row becomes a log record; Batch
//	plan.go        what of a batch is offered next, and when a row is refused; no input or output
//	evidence.go    what the pipeline accepted, over all tables
//	refusal.go     what an error of the pipeline says
//	deliverer.go   calls, pauses, dead letters
//	trouble.go     who is told that rows are held
//	deadletter.go  the files of refused rows
package delivery
