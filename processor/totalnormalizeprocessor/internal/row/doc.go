// Package row reads the columns of a row: scalars as text, JSON that stands in columns as text or as it
// is, accounts, the POSIX users and the entity in AdditionalFields, and the names of the row's device.
// It reads and decides nothing: who acted is for package actor.
package row
