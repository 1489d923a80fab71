//go:generate go tool mdatagen metadata.yaml

// Package defenderreceiver polls Microsoft Defender's Advanced Hunting tables.
//
// Each table has a loop of its own (table.go) that asks the scheduler for a turn, queries the next
// range of arrival time, decodes the answer while it streams in (page.go), hands the rows to the
// pipeline in chunks (deliver.go), and then moves its cursor, which the checkpoint keeper stores.
// Data flows in that one direction. A cursor says: all rows that arrived before this time were
// accepted by the pipeline; and names the rows beyond it that were, too. From that everything
// follows: a page that is cut short, whatever cut it, moves the cursor to the last instant that is
// complete; what was delivered beyond is recognised when it is read again; and nothing else is kept
// over a restart.
//
// Answers are ordered by arrival and that is checked, because only then is the part that came before
// a broken connection a complete part. How wide a range is asked for (span.go) adapts to what the
// service can give; an instant with more rows than a page holds is read in parts by a hash of the
// rows' identity.
package defenderreceiver
