// Package streaming reads the records of Defender's Streaming API, as Event Hubs and the storage
// export deliver them: envelopes of time, tenantId, category `AdvancedHunting-<table>` and properties,
// the row.
//
// A Row says the same as the row that the hunting API gives: columns declared boolean or number are
// made so whatever form they came in, nulls are left out, and its UID is the receiver's. A Parser
// reads one envelope, as JSON or as a map. A Decoder splits messages of many records: lines of JSON,
// lists, and objects with a list `records`, in any mix, one record in memory at a time. A record that
// cannot be read is reported with its number. The Decoder continues behind it.
//
// Damage ends at its line, whatever was open there. JSON may still span lines, as indented objects and lists do. Only JSON
// that turns out to be broken is gone through again, line by line: a string that is open ends with its line, and a line
// that begins with a brace in its first column, or that is JSON by itself and holds a row, begins anew. A value that stands
// in a list without a comma before it, or a list or a message on a line of its own within a list, shows that the list was
// left open. Commas and byte order marks between records are skipped.
package streaming
