// Package feed decides how a list of objects is read that change while it is read: Graph's alerts and incidents. It does
// no input or output.
//
// Each object has the time of its last update, which only grows. A State knows the versions that were delivered, and a
// mark:
//
//	          mark - overlap                mark            now
//	---------------+--------------------------+--------------+--> lastUpdateDateTime
//	done           | read again by each poll  | new          |
//	read by audits |                          |              |
//
// A Walk reads from a time on, page by page, in the order of the last update. The next page begins with the last second
// of the page before, so an object that is updated meanwhile moves ahead of the walk and never behind it, and objects of
// one instant are not lost at the edge of a page. Where the service does not keep the order, a walk follows the links of
// the service to the end instead, and what a page's edge may have skipped is read again by the next poll.
//
// The service prints times of SQL Server rounded, so a printed time may lie above the stored one: bounds are whole
// seconds, rounded down.
//
//	object.go  an object's version
//	state.go   what was delivered; its stored form
//	walk.go    which page comes next
//	range.go   ranges that cannot be read
package feed
