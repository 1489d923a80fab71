// Package replay sends dead letters to an OTLP receiver, each at most once after it was acknowledged.
//
// Beside each file X.ndjson of letters stands a journal X.ndjson.replayed: a line for each letter that was acknowledged,
// with its place and a hash of its text, on disk before the next letter is sent. The letters themselves are never
// changed, so a collector may go on to write. A letter that is refused is in no journal, and is offered again by the next
// run. A crash between an acknowledgement and its line sends that one letter twice.
//
//	replay.go   the run over a directory
//	journal.go  what was sent
//	sender.go   OTLP over gRPC and HTTP
package replay
