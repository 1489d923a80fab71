// Package scheduler decides which table may send its next query.
//
// Tables ask for a turn and wait. Each receiver has a Scheduler with a fixed number of slots: queries that run at the
// same time. Receivers of one process that use the same tenant and client share a tenant: one line of turns, one
// account of the quota (package quota), and one block after a 429. With different limits the smaller ones count for all.
//
// While only slots are short, the turn with the lowest priority number is served first, and a turn ages while it waits.
// Once a turn had to wait for the quota, turns are served by rank: priority 1 first; all other tables share the rest, and
// their rows come late in proportion to their priority less one; spare turns (backfill) take what is left. A turn past
// the hard deadline is served before all others, within a small share of the quota, so that no table starves.
//
// The cost of a query is estimated by table and kind, from what the last ones have cost.
//
// A reserve is stored ahead: the storage counts a request before it is sent. A process that is killed therefore forgets
// no request, and counts at most the reserve too much. While the reserve cannot be renewed, no query is sent.
//
//	policy.go     every figure that was chosen
//	scheduler.go  a receiver's scheduler, its turns and grants
//	order.go      which turn is served next: ranks, aging, deadlines, shortage
//	estimate.go   what a query will cost
//	tenant.go     what receivers share; giving turns
//	store.go      the reserve, and what an earlier life has spent
//
// docs/scheduling.md has the model.
package scheduler
