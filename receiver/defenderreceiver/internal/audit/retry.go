package audit

import "time"

// longestRetry: before the last of so many tries the pause has grown to half the interval.
const longestRetry = 5

// Retry is how long after the tries that did not complete an audit is tried again: at first a 32nd of the
// interval, then twice as long each time, up to its half.
func Retry(interval time.Duration, tries int) time.Duration {
	return interval >> max(longestRetry+1-tries, 1)
}
