// Package quota counts what was spent of a tenant's hunting quota, and computes when the next query fits.
//
// An Account holds a rolling window for each limit, of requests and of CPU. A query fits when no window would be
// overspent. The estimates of queries that run count as spent. A class says what a query leaves to others: urgent
// queries leave nothing, paced ones a margin and what urgent ones need, spare ones (backfill) what all others need.
// Long windows also have a token bucket, so that a burst of low priorities does not use up an hour in minutes.
//
// A journal keeps what each receiver has spent, by minutes. A Record is its stored form. Records hold ages and not
// times, so that a clock that was set while nothing ran can be corrected afterwards (Restore, Shift). Rounding errs on
// the side of having spent.
//
// Nothing here locks, and time comes in as an argument. Times carry Go's monotonic clock, so a wall clock that is set
// does not disturb a running process.
//
//	policy.go   every figure that was chosen
//	account.go  the windows and journals of one tenant
//	window.go   one rolling window: what fits, and what a class leaves to others
//	bucket.go   the token bucket of a long window
//	journal.go  what one receiver has spent, by minutes
//	record.go   the stored form of a journal
//	limit.go    limits, and the receiver's share of them
//	class.go    the classes, and which yields to which
//	cost.go     requests and CPU
//
// docs/scheduling.md has the model.
package quota
