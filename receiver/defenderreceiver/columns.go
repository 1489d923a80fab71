package defenderreceiver

import (
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// columnsInterval is how long a column that the service lacks is left out before it is asked for again.
const columnsInterval = 24 * time.Hour

// lacking are the columns of the default projection that the service does not have.
type lacking struct {
	declared *tables.Table // with all of them
	names    []string
	told     []string  // those that were told in the log
	again    time.Time // when they are asked for again, on this machine's clock
}

// Adapt takes a column out of the queries that the service does not know, and reports whether there was one to take
// out: one that the user has asked for, or that the table cannot be read without, stays.
func (t *table) Adapt(err error) bool {
	refusal := failure.Refusal(err)
	if refusal == nil || refusal.Kind != hunting.UnknownColumn {
		return false
	}
	name, l := refusal.Name, &t.lacking
	_, declared := t.query.Column(name)
	if !declared || t.query.Needs(name) || slices.Contains(t.query.UserColumns, name) || slices.Contains(l.names, name) {
		return false
	}
	l.names = append(l.names, name)
	l.again = time.Now().Add(columnsInterval)
	level := zapcore.DebugLevel
	if !slices.Contains(l.told, name) {
		l.told, level = append(l.told, name), zapcore.WarnLevel
	}
	t.logger.Log(level, "The service does not have a column of this table: it is left out, and asked for again once a day.",
		zap.String("column", name), zap.Error(err))
	t.readColumns()
	return true
}

// lookForColumns asks for all columns again once a day.
func (t *table) lookForColumns() {
	if l := &t.lacking; len(l.names) > 0 && !time.Now().Before(l.again) {
		l.names = nil
		t.readColumns()
	}
}

// readColumns makes the queries ask for all columns but those that the service lacks.
func (t *table) readColumns() {
	t.query.Table = t.lacking.declared.Without(t.lacking.names...)
	t.readAlong(t.query.TimeBasis)
}
