// Package journal keeps every complete audit of a receiver, by table and day, and makes the report of a day from it.
//
//	head ---- hash over ----> days ---- hash over ----> parts
//	 |                        2026-11-21                DeviceEvents by arrival
//	 +-- hash of the head     2026-11-22                Alerts by arrival
//	     before it            ...                       Alerts/backfill by the events' time
//
// A part is what is known of a table's day: for each bin of five minutes the newest count of the service and what became
// of these rows. An audit counts a day of the past again and again. So its counts replace older ones of the same bins,
// and the rows that it recovered are added to those that earlier audits had.
//
// Each complete audit writes the parts of its days, these days and a new head in one batch. The new head contains the hash
// of the one before it and that of the audit as it was, so the head's hash stands for all audits and their order. The
// values that an audit replaced are gone; their hashes stay in the chain.
//
// A hash that does not fit is a problem of the report. If an audit is to write there, it writes a new value, and the
// problem stays in the head.
//
// Days leave the journal after 400 days. At most a few of them leave with one audit, so that a clock that is wrong for a
// moment does not empty the journal.
package journal
