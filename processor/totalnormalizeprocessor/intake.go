package totalnormalizeprocessor

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/actor"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// intake goes through the records of one call before any becomes an event, so that all of them profit
// from what each says of people and devices.
type intake struct {
	*normalizer

	parser streaming.Parser
	counts tally
	// taught are the lessons of this call, so that a person's many rows are one.
	taught map[actor.Lesson]struct{}
	// changes are the directories', for the store.
	changes []directory.Change
}

// takeIn unpacks records of the Streaming API, takes directory rows out of the call and into the
// directories, and learns from the other rows.
func (n *normalizer) takeIn(ctx context.Context, logs plog.Logs, counts tally) {
	in := &intake{normalizer: n, counts: counts, taught: map[actor.Lesson]struct{}{}}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				n.unpack(&in.parser, record, resource.Resource())
				return in.take(record)
			})
		}
	}
	in.changes = append(in.changes, n.directories.Evict()...)
	if n.store == nil {
		return
	}
	if err := save(ctx, n.store, in.changes); err != nil {
		// Nothing is lost that the next snapshot does not bring again.
		n.logger.Warn("Cannot store the directories; they will be read anew after a restart", zap.Error(err))
	}
}

// take reports whether the record is done with.
func (in *intake) take(record plog.LogRecord) bool {
	r, plan, ok := in.rowOf(record)
	switch {
	case !ok:
		return false
	case !plan.IsEvent():
		in.changes = append(in.changes, in.directories.Take(r)...)
		in.counts.dropped(r.Table.Name, reasonDirectory)
		return true
	default:
		in.learnFrom(r)
		return false
	}
}

func (in *intake) learnFrom(r row.Row) {
	for _, lesson := range in.resolver.Lessons(r) {
		if _, known := in.taught[lesson]; known {
			continue
		}
		in.taught[lesson] = struct{}{}
		if in.resolver.IsTaught(lesson) {
			in.changes = append(in.changes, in.directories.Learn(lesson.Account, lesson.Device, r.Time)...)
		}
	}
}

// isEvidenceAlone reports whether the row is alert evidence without AlertInfo.
func isEvidenceAlone(record plog.LogRecord) bool { return tableOf(record) == event.TableAlertEvidence }

// completeEvidence makes a row of AlertEvidence alone as much of a row of Alerts as it can be: with what AlertInfo has
// said by then.
func (n *normalizer) completeEvidence(r row.Row) {
	for i, said := range n.directories.AlertInfo(r.Text("AlertId")) {
		if said != "" {
			r.Columns.PutStr(directory.AlertColumns[i], said)
		}
	}
	if r.Text("Category") != "" {
		return
	}
	// Evidence has a list of the alert's categories.
	v, ok := r.JSON("Categories")
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return
	}
	var categories []string
	for _, c := range v.Slice().All() {
		if category := row.Text(c); category != "" && !slices.Contains(categories, category) {
			categories = append(categories, category)
		}
	}
	if len(categories) > 0 {
		r.Columns.PutStr("Category", strings.Join(categories, ", "))
	}
}
