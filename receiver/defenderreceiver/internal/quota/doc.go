// Package quota counts what was spent of a tenant's hunting quota, and says when the next query fits.
//
// An Account holds, for requests and for CPU, a rolling window of each limit. A query fits when no
// window would be overspent; what queries under way are expected to cost counts as spent. Long windows
// are also paced: a query that is not urgent waits for a bucket that fills at the window's own rate, so
// that a burst of the low priorities does not use up an hour in minutes. What urgent ones need, going by
// what they have spent lately, is left to them in each window, but for a small part of it. Spare queries,
// which are history's, leave all others the most that those have spent in a window.
//
// What each receiver has spent is kept in a journal of its own, by minutes, which a Record stores.
// Records hold ages and not times, so that a clock that was set while nothing ran can be corrected
// afterwards (Restore, Elapsed). All that is rounded in them errs on the side of having spent.
//
// Nothing here locks, and time comes in as an argument. Times carry Go's monotonic clock, which makes
// a running process immune to a wall clock that is set.
package quota
