package defenderreceiver

import (
	"context"
	"fmt"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// lane is one source with its loop, as the receiver runs and shows it.
type lane struct {
	table   string
	id      string // the table, and the lane behind a slash where it is not the live one
	history bool
	kind    string // as the status shows it
	source  source.Source
	loop    *source.Loop
	health  *health.Source
	now     func() time.Time // the service's time
	reader  *reader.Reader   // nil: it is read by no query
	audits  *reader.Auditor  // nil: its rows are never counted again by queries
	record  *audit.Record    // what audits say; nil: there are none
	ready   <-chan struct{}  // closed once it may begin; nil: it may at once
	release func()           // ends the use of what other receivers share; nil: it shares nothing
}

// The kinds of what is read, as the status shows them.
const (
	tableKind     = "table"
	directoryKind = "directory"
	feedKind      = "feed"
	contextKind   = "alert_context"
	countKind     = "count" // nothing is read but how many there are
)

// run polls until ctx ends.
func (l *lane) run(ctx context.Context) {
	if l.ready != nil {
		select {
		case <-l.ready:
		case <-ctx.Done():
			return
		}
	}
	l.loop.Run(ctx)
	if l.reader != nil {
		l.reader.Track.KeepLast()
	}
}

// summary is what the hourly line says of a table.
func (l *lane) summary(view health.View, rows int) string {
	text := fmt.Sprintf("%s: %d rows, %s", l.table, rows, view.State)
	if view.Reason != failure.None {
		text += " (" + string(view.Reason) + ")"
	}
	if until := view.CompleteUntil; !until.IsZero() {
		text += fmt.Sprintf(", lag %s", l.now().Sub(until).Round(time.Second))
	}
	if l.record == nil {
		return text
	}
	if audited := l.record.View(); audited.Audited {
		text += fmt.Sprintf(", audit %s ago: %d missing, %d refused",
			time.Since(audited.Since).Round(time.Second), audited.Missing, audited.Refused)
	}
	return text
}
