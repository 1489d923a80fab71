// Package rowid gives every row a UUID that is the same each time the row is read: through either
// API, in either mode, in every lane, after a restart, and whatever form its values had on the wire.
//
// A device event is told apart by tenant, table and the table's identity columns. A row whose
// ReportId is missing, and a table without one, is told apart by all columns of the default
// projection; columns that a user adds do not change the id. A row of a table that is read whole is told apart by all
// columns that it has, whatever they are. Values are brought to one form first:
// times to ticks of 100 ns, numbers to their digits, booleans to true and false, JSON text to JSON
// with sorted keys, and an empty value to nothing.
package rowid
