// Package order keeps one person's events together and in order: Groups collects the events of a call so that each
// person has one ResourceLogs ordered by time, and Order marks what comes after a later event of the same person has been
// handed on.
package order
