package reader

import (
	"fmt"
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

// Question is what one lane of a table asks the service for, and how the answers look.
type Question struct {
	table    query.Table
	declared *tables.Table // with all of its columns
	columns  []tables.Column
	lacking  lacking
}

// lacking are the columns of the default projection that the service does not have.
type lacking struct {
	names []string
	told  []string  // those that were told in the log
	again time.Time // when they are asked for again, on this machine's clock
}

// NewQuestion makes the question of a table.
func NewQuestion(table query.Table) *Question {
	q := &Question{table: table, declared: table.Table}
	q.Along(table.TimeBasis)
	return q
}

// Table is the table as it is asked for now. It is a copy.
func (q *Question) Table() query.Table { return q.table }

// Name is the table's name.
func (q *Question) Name() string { return q.declared.Name }

// TimeBasis is the time that the table is read along.
func (q *Question) TimeBasis() query.TimeBasis { return q.table.TimeBasis }

// IsAlerts reports whether a row is the newest state of an alert.
func (q *Question) IsAlerts() bool { return q.table.Kind == tables.Alerts }

// Along sets the time basis, and what follows from it.
func (q *Question) Along(basis query.TimeBasis) {
	q.table.TimeBasis = basis
	q.columns = q.table.AnswerColumns()
}

// LeaveArrived leaves the rows to another lane that arrived from a time on; a zero one: none is left.
func (q *Question) LeaveArrived(from time.Time) {
	if !q.table.ArrivedBefore.Equal(from) {
		q.table.ArrivedBefore = from
		q.Along(q.table.TimeBasis)
	}
}

// asOf sets whose time's state of alerts is read; zero: a page's end.
func (q *Question) asOf(at time.Time) { q.table.AsOf = at }

// forget is for a column that the service had and does not have any more. It reports false of any other.
func (q *Question) forget(refusal *hunting.Error) bool {
	if refusal == nil || refusal.Kind != hunting.UnknownColumn || q.table.Needs(refusal.Name) || !slices.Contains(q.table.Learned, refusal.Name) {
		return false
	}
	q.table.Learned = nil
	return true
}

// Adapt leaves a column out that the service does not have. It reports false if there is none to leave out.
func (q *Question) Adapt(err error, logger *zap.Logger) bool {
	refusal := failure.Refusal(err)
	if q.forget(refusal) {
		return true
	}
	if !q.leaveOut(refusal) {
		return false
	}
	level := zapcore.DebugLevel
	if l := &q.lacking; !slices.Contains(l.told, refusal.Name) {
		l.told, level = append(l.told, refusal.Name), zapcore.WarnLevel
	}
	logger.Log(level, "The service does not have a column of this table: it is left out, and asked for again once a day.",
		zap.String("column", refusal.Name), zap.Error(err))
	return true
}

// learn takes in which columns the service has, of a table that is read whole. It does so once: rows are put into
// parts by these columns, which must be the same for all parts.
func (q *Question) learn(columns []hunting.Column) {
	if q.table.Kind != tables.Passed || q.table.Learned != nil {
		return
	}
	for _, c := range columns {
		if !query.IsOwn(c.Name) {
			q.table.Learned = append(q.table.Learned, c.Name)
		}
	}
}

// leaveOut takes a column out of the queries that the service does not know. It reports false if there is none to take
// out: one that the user has asked for, or that the table cannot be read without, stays. The queries of a table that
// is read whole name no others.
func (q *Question) leaveOut(refusal *hunting.Error) bool {
	if refusal == nil || refusal.Kind != hunting.UnknownColumn || q.table.Kind == tables.Passed {
		return false
	}
	name := refusal.Name
	_, declared := q.table.Column(name)
	if !declared || q.table.Needs(name) || slices.Contains(q.table.UserColumns, name) || slices.Contains(q.lacking.names, name) {
		return false
	}
	q.lacking.names = append(q.lacking.names, name)
	q.lacking.again = time.Now().Add(columnsInterval)
	q.askForColumns()
	return true
}

// AskAgain asks for all columns again once a day.
func (q *Question) AskAgain() {
	if l := &q.lacking; len(l.names) > 0 && !time.Now().Before(l.again) {
		l.names = nil
		q.askForColumns()
	}
}

// askForColumns makes the queries ask for all columns but those that the service lacks.
func (q *Question) askForColumns() {
	q.table.Table = q.declared.Without(q.lacking.names...)
	q.Along(q.table.TimeBasis)
}

// Advise adds what an operator can do about an error by a table's own settings. What takes no knowledge
// of the table is said by the error itself. The advice comes first, so that the service's request id
// stays at the end.
func (q *Question) Advise(err error) error {
	table := q.declared.Name
	switch {
	case failure.Is(err, hunting.UnknownColumn) && failure.Refusal(err).Name != "":
		name := failure.Refusal(err).Name
		if q.declared.Needs(name) {
			return fmt.Errorf("the service has no column %s, without which the table cannot be read: set tables::%s::enabled: false until it has: %w", name, table, err)
		}
		return fmt.Errorf("the service has no column %s: if tables::%s::columns or tables::%s::filter name it, take it out there: %w", name, table, table, err)
	case failure.IsRefused(err):
		return fmt.Errorf("the service does not take the query as it stands: look at tables::%s::columns and tables::%s::filter, if they are set: %w", table, table, err)
	default:
		return err
	}
}
