// Package scheduler decides which table may send its next query.
//
// Tables ask for a turn and wait. Each receiver has a Scheduler with a fixed number of queries at a
// time. Receivers of one process that use the same tenant and client share a tenant: one line of
// turns, one account of the quota (package quota), one block after a 429. With different shares of
// the quota the smaller counts for all of them.
//
// A free slot goes to the turn with the lowest priority number, and among equals to the one that has
// been due longest; a turn that waits grows more urgent. Once a turn had to wait for the quota, the
// quota is what is shared (order.go): priority 1 first; the rows of all others come late in proportion
// to their priority number less one, so that the lowest slow down most, and a table with many rows gets
// as many more turns, as long as it is not far behind; and what has waited for long gets a small part of
// the quota before all others, so that no table starves. Spare turns have what all these leave.
//
// What a query will cost is learned by table and kind: a count is dearer than a page, and grows with the time that it
// looks at.
//
// What is spent is stored ahead (store.go): before a request is sent the storage already counts it, as
// part of a reserve. A process that is killed has therefore forgotten no request, and counts at most
// the reserve too much. While the reserve cannot be renewed, no more queries are sent.
package scheduler
