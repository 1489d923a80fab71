package defenderreceiver

import (
	"fmt"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// countPart of the CPU of a quarter hour is what a count should cost at most. A dearer one waits for a quarter hour in
// which little else is sent, and what stands in line behind it waits as well.
const countPart = 4

// question is what a table's queries ask for.
func (c *Config) question(declared *tables.Table) (*reader.Question, error) {
	asked, err := c.asked(declared)
	if err != nil {
		return nil, err
	}
	return reader.NewQuestion(asked), nil
}

// asked is a table with the user's columns and filters.
func (c *Config) asked(declared *tables.Table) (query.Table, error) {
	own := c.Tables[declared.Name]
	asked := query.Table{Table: declared, UserColumns: own.Columns}
	if own.Filter != "" {
		filter, err := kusto.Predicate(own.Filter)
		if err != nil {
			return query.Table{}, fmt.Errorf("'tables::%s::filter': %w", declared.Name, err)
		}
		asked.UserFilter = filter
	}
	if c.HumanAccountsOnly {
		asked.System = new(accounts.ServerRules())
	}
	return asked, nil
}

// auditWindow is how much of the past is audited; 0: none is.
func (c *Config) auditWindow() time.Duration {
	if c.LateArrival.Audit.Interval == 0 {
		return 0
	}
	return c.LateArrival.Audit.Window
}

// audits are how a lane is audited. short reports whether the quota is short.
func (c *Config) audits(table string, short func() bool) reader.AuditSettings {
	priority := c.Tables[table].Priority
	return reader.AuditSettings{
		Window: c.auditWindow(), Interval: c.LateArrival.Audit.Interval, CountBudget: c.Quota.limits().LeastCPU() / countPart,
		MaxRows: c.Page.MaxRows, KeepsRefused: c.DeadLetter.Directory != "",
		Yields: func() bool { return priority > 1 && short() },
	}
}

// liveLane is what is particular to reading a table's new rows.
func (c *Config) liveLane(declared *tables.Table) liveLane {
	lane := source.LiveLane{Again: c.LateArrival.Overlap, Audited: c.auditWindow()}
	if declared.Kind == tables.Alerts {
		return source.NewLiveAlerts(lane)
	}
	return lane
}

// liveLane is a lane that may be carried over to another time basis.
type liveLane interface {
	reader.Lane
	Reach() time.Duration
}

// live is how a table's new rows are read.
func (c *Config) live(lane liveLane, now func() time.Time) source.LiveSettings {
	return source.LiveSettings{Mode: source.Mode(c.LateArrival.Mode), Lookback: c.InitialLookback, Reach: lane.Reach(), Now: now}
}

// history is how a table's history is read.
func (c *Config) history(live *source.Start) source.HistorySettings {
	return source.HistorySettings{Live: live, Window: c.Backfill.Window, Settle: c.Settle}
}
