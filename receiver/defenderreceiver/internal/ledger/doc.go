// Package ledger keeps how far each table was delivered and which rows were. Every write is a method of it.
//
// The live lane of a table, along its time basis (arrival, or the event's time):
//
//	                                    unreadable
//	live start        keep from          range        overlap      complete until      settle       now
//	    |                 |               [###]         |- - - - - - - - |- - - - - - - - -|          |
//	----+-----------------+----+----+----+----+----+----+----+----+----+--+----+----+----+----+----+---+-->
//	                      | b1 | b2 | b3 | b4 | b5 | b6 | b7 | b8 | b9 |     bins of five minutes
//	    |--- delivered ---|--- delivered, with the ids of the rows ------|-- not read yet --|
//
// All rows before "complete until" were accepted by the pipeline, or refused by it for good, except those in
// unreadable ranges, which are tried again. The bins hold the ids of these rows. The bins of the overlap are in memory:
// they recognise rows that are read again, which happens along the event's time and after a page that was cut short.
// Older bins are only in the storage, as long as an audit or an unreadable range needs them. Newer rows than the settle
// time are not read: the service may still add rows before them.
//
// History ends at the live start. It is read in spans, the newest first, each from its beginning to its end:
//
//	                 span
//	     from   read until   to           reached          live start
//	      |=========>|- - - - |==============|==================|
//	------+----------+--------+--------------+------------------+---->
//
// Outside the span that is being read, all rows between "reached" and the live start were delivered.
//
// A table whose time basis changes is carried over: the ids of all delivered and of all refused rows go into one bin,
// because their place along the new basis is not known until they are read again.
//
// The stored form of a lane is its cursor, with an index of its bins, and for each bin segments of ids. A segment is
// written once and never changed, so a write holds what has come since the last one. The ids of refused rows stand
// beside their segment. Cursor and bins change together in one batch, a delay after the rows were accepted, because some
// exporters accept rows before they are on disk. A cursor that cannot be read is not a missing one: Open fails, because
// a fresh start would lose or repeat rows.
package ledger
