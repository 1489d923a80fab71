package audit

import "time"

// longestRetry: before the last of so many tries the pause has grown to half the interval.
const longestRetry = 5

// Retry is how long after the tries that did not complete an audit is tried again: at first a 32nd of the
// interval, then twice as long each time, up to its half.
func Retry(interval time.Duration, tries int) time.Duration {
	return interval >> max(longestRetry+1-tries, 1)
}

// catchUp is the part of the interval after a start in which there is no audit: first comes what waits to be read.
const catchUp = 12

// First is when the first audit after a start is due: an interval after the last one that was complete, so that a process that
// starts more often than that audits too; at the latest an interval after the start, which it is where last is zero.
func First(started, last time.Time, interval time.Duration) time.Time {
	earliest, latest := started.Add(interval/catchUp), started.Add(interval)
	switch due := last.Add(interval); {
	case last.IsZero() || due.After(latest):
		return latest
	case due.Before(earliest):
		return earliest
	default:
		return due
	}
}
