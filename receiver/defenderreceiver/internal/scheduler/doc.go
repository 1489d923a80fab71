// Package scheduler decides which table may send its next query.
//
// Tables ask for a turn and wait. At most a fixed number of queries is on the service at a time; a
// free slot goes to the table with the lowest priority number, and among equals to the one that has
// been due longest. A turn that waits grows more urgent, so that no table starves.
//
// No window of the request quota is overspent: a turn that would overspend it is held until it fits.
// What CPU a query costs is known only afterwards, so there the turn after it waits. A throttled
// answer blocks all tables, because the service's limits are the tenant's and not a table's.
package scheduler
