// Package verification proves that a destination holds every event of a period: it reads the period again from the source,
// makes events of its rows by the processors of the configuration, and compares them with what files or a topic hold.
//
// # The period
//
// It is of event time: of the Timestamp of rows and the `timestamp` of events. Rows are read whenever they arrived. So an
// event has its place in the period on both sides, and a late row is verified with the period that it tells of. A row
// without a readable Timestamp is in no period; the receiver gives it the time of its arrival, so its event can be named
// as unexpected.
//
// # The edges
//
// The destination is read first, as it stands when the command starts, and the source afterwards. Whatever the destination
// holds has therefore arrived at the source before the source is read. The other way round, a row that arrived lately need
// not have been delivered: with settle and the poll interval of its table it is due later. If it is absent, it is "not
// due". A row of an earlier time that is late is due as soon as any other which arrives then.
//
// # Rows that become no event
//
// Which rows the receiver leaves on the server follows from its configuration, and the same queries are sent. Rows that the
// processors drop are not expected, and not unexpected either: whose act a row is can follow from what the directories
// know, which may have been more when the row was processed. For the same reason an event can be of another person today
// without anything being wrong. Package comparison says how this is told from altered events. Events are known by their
// event_id, which is made of the row alone.
//
// # The quota
//
// Each query is one of the receiver's: what it costs counts in the receiver's quota, and it waits for its turn there. A
// source that cannot be read so is not read.
//
//	verification.go  Run: the order of things
//	report.go        what is said of it
//	text.go          the report for a terminal
package verification
