// Package checkpoint keeps each table's cursor in a storage extension.
//
// A cursor says up to which time a table is complete, and which rows beyond that time were delivered
// all the same. It is stored a delay after its rows were accepted, because some exporters accept rows
// before they are on disk; the cursors of all tables that are due go in one batch. A cursor that
// cannot be read is not a missing one: Load fails, for starting afresh would lose or repeat rows.
package checkpoint
