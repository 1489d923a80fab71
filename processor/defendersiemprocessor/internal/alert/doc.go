// Package alert reads the body of an alert as Graph's security API sends it.
//
// The content is not trusted: what is absent, null or of another type than the schema says reads as empty.
package alert
