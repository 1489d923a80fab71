//go:generate go tool mdatagen metadata.yaml

// Package defenderreceiver polls Microsoft Defender's Advanced Hunting tables.
//
// Each table has a loop of its own that polls a source of its kind (internal/source): live rows, history, snapshots of a
// directory, or Graph's users. A period that is read again has one too (reread.go). What is read by queries has a reader and an auditor (internal/reader). A poll asks for the
// next range (internal/service), decodes the answer while it streams in, hands the rows to the pipeline in batches
// (delivery, which other receivers share), and then moves its ledger (internal/ledger), which a keeper stores. Data flows in that one
// direction. This package has what a user configures, and the wiring: lanes.go puts the parts of each lane together, and
// settings.go says what of the configuration each of them is given. What can be seen and commanded of a lane is in
// internal/health.
//
// The ledger says: all rows before this time were accepted by the pipeline, or refused for good; and which rows were.
// From that everything follows. A page that is cut short, whatever cut it, moves the cursor to the last instant that is
// complete, and what was delivered beyond is recognised when it is read again. Answers must be in order, and that is
// checked, because only then is the part before a broken connection a complete part. How wide a range is asked for
// (internal/paging) adapts to what the service can give; an instant with more rows than a page holds is read in parts by
// a hash of the rows' identity; one that cannot be read at all is passed over, and tried again.
//
// Time here is the time basis: that of arrival where the service tells it, which makes lateness harmless, else that of
// the event, with an overlap. Either way the audit counts on the service what should have been read: the ledger against
// the truth.
//
// Beside the live lane of a table one of history may run: a second ledger, along event time, over spans that end where
// the live lane began. It takes only turns that nobody else wants.
package defenderreceiver
