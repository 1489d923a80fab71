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
// A file uses only files that stand above it here:
//
//	policy.go     every figure that was chosen
//	estimate.go   what a query will cost
//	clock.go      the service's time, which places what was restored
//	reserve.go    what the storage covers
//	member.go     a receiver in its tenant: its slots, reserve and clock
//	turn.go       a turn in line
//	budget.go     when a turn fits: classes, deadlines, decay of estimates
//	order.go      which of two turns is first: ranks, aging
//	line.go       the line of turns: which one is next, and the shortage
//	tenant.go     what receivers share; giving turns (tenants.go: those of the process)
//	snapshot.go   what can be seen of a tenant
//	record.go     what is stored of a member, and taken over
//	store.go      writing the record and the reserve
//	scheduler.go  what a receiver has of all this: its turns and grants
//
// The tenant and what its other files add are the only code with a lock or a timer. What stands below is told
// the time, and decides.
//
// docs/scheduling.md has the model.
package scheduler
