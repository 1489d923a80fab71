package query

import (
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// snapshot reads, of each device or person, the newest row that arrived in p's range.
func (t Table) snapshot(p Page) string {
	newest := slices.DeleteFunc(names(t.Projection()), func(name string) bool {
		return name == t.Key || name == tables.TimestampColumn
	})
	var whole, part kusto.Fragment
	if t.Whole != "" {
		whole = kusto.Format("where isnotempty(?)", kusto.Name(t.Whole))
	}
	if p.Parts > 1 {
		part = kusto.Format("where hash(?, ?) == ?", kusto.Name(t.Key), kusto.Int(p.Parts), kusto.Int(p.Part))
	}
	return kusto.Join("\n| ",
		t.events(p),
		kusto.Format("where isnotempty(?)", kusto.Name(t.Key)),
		whole,
		part,
		kusto.Format("summarize arg_max(?, ?) by ?", kusto.Name(tables.TimestampColumn), kusto.Names(newest...), kusto.Name(t.Key)),
		kusto.Format("take ?", kusto.Int(p.MaxRows)),
		withServiceNow(),
	).String()
}

// SnapshotWindow is how far back a directory is read at first: every device and identity that is in
// use writes at least one row a day.
const SnapshotWindow = 48 * time.Hour
