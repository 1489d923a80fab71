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
package tenant
