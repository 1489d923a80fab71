// Package comparison holds what the source says against what a destination holds, event by event.
//
// # What is compared
//
// The period is of event time, which both sides know: the Timestamp of a row, and the `timestamp` of its event. The
// destination is read first and the source afterwards, so that every event which the destination holds is known to the
// source by then, however late its row came. Each event is then one of these:
//
//   - present: the destination holds it.
//   - absent: it does not.
//   - repeated: the destination holds more than one copy. After a crash the collector may deliver rows again.
//   - altered: a copy says something else than the row does.
//   - attributed otherwise: a copy is of another person than the row is of today, and such a difference can come of the
//     directories, which know other things today than when the row was processed. The person must be one whom the source
//     has too, or be called as the row itself calls its account; everything else is altered. A row that no person is found
//     for today, but was found for then, counts here too.
//   - undecided: it is absent, and the row names no person itself: it has one by who is logged on today. It may have been
//     dropped when it was processed.
//   - not due: it is absent, and the row came so lately that the collector need not have delivered it yet, or before the
//     collector's first start.
//   - unexpected: the destination holds it, of this period, and the source does not.
//   - superseded: it is unexpected, of an alert which the source has. The source shows the newest state of an alert alone.
//
// # Memory
//
// An event is kept as an entry of 64 bytes in one of 128 files, chosen by its id, and the files are compared one after
// the other. For ten million events on each side that is 1.3 GB of disk and some 40 MB of memory. Beside that a hash is
// kept of each person and each alert of the source, up to a million of each. Events that are named are kept up to a limit,
// and counted beyond it.
//
//	comparison.go  Comparison: takes both sides
//	entry.go       the form of an event on disk
//	partition.go   the files
//	judge.go       what becomes of one event
//	result.go      what was found
package comparison
