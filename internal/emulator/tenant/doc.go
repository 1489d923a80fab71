// Package tenant is the sample tenant of the emulator: a company of people, devices and service
// accounts whose hunting rows are computed from a seed and never stored.
//
// Design. Time is cut into buckets. A stream (stream.go) gives the rows of one bucket as a pure
// function of seed, table and bucket, and states within which offsets from the bucket's start its
// ingestion and event times lie. A scan therefore touches only the buckets that a query's ranges can
// reach, the past needs no work at start, and the future is already decided. Each event table has
// two streams (arrival.go): rows that arrive within the hour, and those of devices that were offline
// for hours or days, so that a query by event time need not walk days of punctual rows.
//
// A row holds a key and its times. What happened (activity) is drawn from the key when the first
// column is asked for, and each column is computed from that. Scenes, one line of text each, say who
// does what with which program on which kind of device.
//
// Rows come in no useful order: buckets are walked with a stride. Event rows depend on the seed and
// the configured sizes, never on Start, so that a restarted emulator serves the same rows.
//
// It emulates what the receiver and the processor must cope with: late, hidden and future rows, ties, accounts in every
// form, alerts that change. It is no model of a company: there are no attacks that run through several tables, no mail,
// cloud app or identity events beside the tables of catalog.go, and a table has those columns filled that the processor or
// a reader of the demo looks at.
//
//	catalog.go                 the tables, and a new tenant
//	alertinfo.go, deviceinfo.go, identityinfo.go, logon.go, ...   the columns of each table, and its scenes
//	process.go                 the columns of the initiating process, which all event tables have
//	arrival.go, alerts.go      when rows arrive; whereabouts.go on which device
//	scenes.go, text.go         what happens, and the placeholders of its text
//	row.go, columns.go         a row, and how its columns are computed; stream.go how rows are scanned
//	devices.go, people.go      who and what is there; roster.go, shift.go who works when
//	activity.go, programs.go   what an event is about
//	config.go, random.go       sizes and seed, and what is drawn from it
package tenant
