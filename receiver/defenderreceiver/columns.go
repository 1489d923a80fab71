package defenderreceiver

import (
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
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

// question is what a lane asks the service for, and how the answers look.
type question struct {
	query   query.Table
	columns []column
	lacking lacking
}

// readAlong sets the time basis, and what follows from it.
func (q *question) readAlong(basis query.TimeBasis) {
	q.query.TimeBasis = basis
	q.columns = q.query.AnswerColumns()
}

// leaveOut takes a column out of the queries that the service does not know. It reports false if there is none to take
// out: one that the user has asked for, or that the table cannot be read without, stays.
func (q *question) leaveOut(refusal *hunting.Error) bool {
	if refusal == nil || refusal.Kind != hunting.UnknownColumn {
		return false
	}
	name := refusal.Name
	_, declared := q.query.Column(name)
	if !declared || q.query.Needs(name) || slices.Contains(q.query.UserColumns, name) || slices.Contains(q.lacking.names, name) {
		return false
	}
	q.lacking.names = append(q.lacking.names, name)
	q.lacking.again = time.Now().Add(columnsInterval)
	q.askForColumns()
	return true
}

// lookForColumns asks for all columns again once a day.
func (q *question) lookForColumns() {
	if l := &q.lacking; len(l.names) > 0 && !time.Now().Before(l.again) {
		l.names = nil
		q.askForColumns()
	}
}

// askForColumns makes the queries ask for all columns but those that the service lacks.
func (q *question) askForColumns() {
	q.query.Table = q.lacking.declared.Without(q.lacking.names...)
	q.readAlong(q.query.TimeBasis)
}

// Adapt leaves a column out that the service does not have.
func (t *reader) Adapt(err error) bool {
	refusal := failure.Refusal(err)
	if !t.leaveOut(refusal) {
		return false
	}
	level := zapcore.DebugLevel
	if l := &t.lacking; !slices.Contains(l.told, refusal.Name) {
		l.told, level = append(l.told, refusal.Name), zapcore.WarnLevel
	}
	t.logger.Log(level, "The service does not have a column of this table: it is left out, and asked for again once a day.",
		zap.String("column", refusal.Name), zap.Error(err))
	return true
}
