// Package tables declares, once, what every hunting table is: the service's columns and their
// types, what identifies a row, whose accounts stand in it, how often and how urgently it is read,
// and what the TOTAL event takes from it. The receiver builds its queries from it, the processor its
// events, and the emulator its schema.
//
// A Schema is a table of the service as `getschema` shows it. A Table is what the receiver polls and the user
// configures. Most tables read one schema; Alerts joins two. A new table is one entry in `catalog`, and its schema if
// the service has a new one. A table that is only passed on is one entry in `others`: its name, and where Microsoft
// documents them its columns and what tells its rows apart.
package tables
