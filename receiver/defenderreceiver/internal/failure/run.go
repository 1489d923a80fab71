package failure

import "time"

// Run counts the failures in a row of one source. The zero value has none.
type Run struct {
	// Failures in a row, at one place.
	Failures int
	// Since is when the first of them was.
	Since time.Time
	place time.Time
}

// Fail adds a failure. place changes when a poll comes further than the ones before it: then it is no standstill,
// and the run begins anew.
func (r *Run) Fail(now, place time.Time) {
	if !place.Equal(r.place) {
		r.Failures, r.place = 0, place
	}
	if r.Failures++; r.Failures == 1 {
		r.Since = now
	}
}

// End is called after a poll that succeeded. It reports whether there were failures.
func (r *Run) End() bool {
	failed := r.Failures > 0
	r.Failures = 0
	return failed
}
