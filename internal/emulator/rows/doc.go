// Package rows is the emulator's database: the generated tenant's rows and those planted by tests or read from files.
//
// A table has two parts, the generated one, which is computed, and the planted one, which is held in memory. A query sees a
// row from the row's visible time on and until its Timestamp is older than the retention. Rows are never changed or
// deleted; the service changes none either. Tables may be missing, as plans of the service lack some, and rows may have no
// ingestion time.
//
// Nothing is written to disk: planted rows are gone when the emulator ends.
//
//	file.go      rows from a file, one JSON object a line
//	truth.go     the rows as they truly are
//	database.go  all tables, and what one query sees of them
//	planted.go   the planted rows of a table
//	cells.go     the packed values of a planted row
//	identity.go  which rows of a result are the same
//	json.go      values as the service writes them
package rows
