// Package checkpoint keeps, for each table, how far it was read and which rows were delivered.
//
// The cursor says up to which time a table is complete. The ledger beside it holds the ids of the
// rows that were delivered, by bins of time: the newest bins recognise rows that are read again, all
// of them let an audit compare what the service counts with what was delivered. A ledger only grows
// by segments, so that what is written with a cursor is what has come since the last one; bins that
// nobody needs any more are deleted.
//
// Cursor and ledger change together in one batch, a delay after the rows were accepted, because some
// exporters accept rows before they are on disk. A cursor that cannot be read is not a missing one:
// Load fails, for starting afresh would lose or repeat rows.
package checkpoint
