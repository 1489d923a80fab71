// Package settings decodes a component's settings and reports what is wrong with them, all at once.
//
// Decode stands between a component's Unmarshal and the Collector's decoder. It compares what is written
// with the fields of the configuration, and keeps every problem that it finds: keys that do not exist,
// values of another type, times without a unit. Wrong values are left out, and the rest is decoded. The
// component's Validate hands its own findings to Written.Report, so that a user sees all problems of all
// components at once. Findings that only follow from another problem are left out.
//
// A message begins with the full path of its key and says what to do. Values of texts are not repeated
// unless they cannot be secrets.
//
// Times are Go's durations and days: 30d, 1d12h.
package settings
