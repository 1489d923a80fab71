// Package alert reads alerts, from records of Graph's alerts_v2 and from rows of the hunting table Alerts, and keeps of them
// what an execution can be compared with.
//
// An alert has many records: a version for each change, or a row for each item of its evidence. Merge joins them. Its result
// is the same whatever the order of the records, and whether some of them come twice.
//
// Words are interned: names of files and hosts repeat from alert to alert.
package alert
