package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/pivot"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// ContextSettings are how the rows around alerts are read.
type ContextSettings struct {
	Pivots *Pivots
	Store  storage.Client
	// MaxRows is how many rows one query asks for at most.
	MaxRows int
	// WholeRows: records hold the rows, and not only where they are.
	WholeRows bool
	// Spending is what the queries may spend of the receiver's share of the quota.
	Spending *Spending
}

// ContextMetrics count what is done for the context of alerts.
type ContextMetrics interface {
	// Found is told of each row that was delivered.
	Found(ctx context.Context, table string, relation pivot.Relation)
	// Summarized is told of each alert for which nothing is left to be asked.
	Summarized(ctx context.Context, truncated, empty bool)
	// Duplicates are rows that were delivered before.
	Duplicates(ctx context.Context, rows int)
	// Repaired are values of an answer that were not as they should be.
	Repaired(ctx context.Context, values int64)
}

// AlertContext reads the rows around alerts, one query a poll.
type AlertContext struct {
	ContextSettings
	client  *service.Client
	records *ContextRecords
	metrics ContextMetrics
	health  *health.Source
	logger  *zap.Logger

	// split are parts of groups whose answer was too large. They are asked for first.
	split []pivot.Group
	// lacking are the columns that the service does not have, by table; absent the tables. Both until the next look.
	lacking map[string][]string
	absent  map[string]bool
	again   time.Time
}

// relook is how long a table or column that the service lacks is not asked for.
const relook = 24 * time.Hour

// NewAlertContext makes the source of the rows around alerts.
func NewAlertContext(settings ContextSettings, client *service.Client, records *ContextRecords, metrics ContextMetrics, seen *health.Source,
	logger *zap.Logger,
) *AlertContext {
	return &AlertContext{
		ContextSettings: settings, client: client, records: records, metrics: metrics, health: seen, logger: logger,
		lacking: map[string][]string{}, absent: map[string]bool{},
	}
}

// Poll asks for one group of what is due, and tells of the alerts that are done. It reports whether more is due that may be
// asked for at once.
func (c *AlertContext) Poll(ctx context.Context) (bool, error) {
	now := c.client.Time()
	c.client.Begin(time.Now())
	group, due := c.next(now)
	if !due {
		return false, c.summarize(ctx, now)
	}
	if !c.Spending.Allows(time.Now()) {
		c.split = append([]pivot.Group{group}, c.split...)
		return false, c.summarize(ctx, now)
	}
	if err := c.ask(ctx, group); err != nil {
		return false, err
	}
	return true, c.summarize(ctx, now)
}

// next is what is asked for now.
func (c *AlertContext) next(now time.Time) (pivot.Group, bool) {
	if !now.Before(c.again) {
		clear(c.lacking)
		clear(c.absent)
		c.again = now.Add(relook)
	}
	if len(c.split) > 0 {
		group := c.split[0]
		c.split = c.split[1:]
		return group, true
	}
	for {
		group, due := c.Pivots.Next(now)
		if !due {
			c.health.Progress(now)
		}
		if !due || !c.absent[group.Table.Name] {
			return group, due
		}
		c.Pivots.Complete(group, false, now)
	}
}

// ask sends the query of a group and delivers what its rows are to alerts.
func (c *AlertContext) ask(ctx context.Context, group pivot.Group) error {
	columns := group.Columns(c.WholeRows, c.lacking[group.Table.Name])
	limit := group.Limit(c.MaxRows)
	rows, err := c.send(ctx, service.Read, group.Query(columns, limit), columns)
	if err != nil {
		return c.failed(ctx, group, err)
	}
	defer rows.Close()
	read, err := c.deliver(ctx, group, rows)
	if err != nil {
		return c.failed(ctx, group, err)
	}
	c.metrics.Repaired(ctx, rows.Stats().Repaired)
	if read >= limit && !group.OneAlert() {
		c.split = append(c.split, group.Halves()...)
		return c.keep(ctx)
	}
	c.Pivots.Complete(group, read >= limit, c.client.Time())
	return c.keep(ctx)
}

// send sends a query, and counts it against what may be spent.
func (c *AlertContext) send(ctx context.Context, kind service.Kind, kql string, columns []tables.Column) (*hunting.Rows, error) {
	sent := time.Now()
	rows, err := c.client.Query(ctx, kind, query.Page{}, kql, columns)
	if err != nil {
		c.Spending.Spend(sent, 0)
		return nil, err
	}
	rows.OnClose(func(s hunting.Stats) { c.Spending.Spend(sent, service.CPU(s)) })
	return rows, nil
}

// deliver reads an answer. It returns the number of its rows.
func (c *AlertContext) deliver(ctx context.Context, group pivot.Group, rows *hunting.Rows) (int, error) {
	read, body := 0, pcommon.NewMap()
	for {
		more, err := rows.Next(body)
		if err == nil && more {
			read++
			c.take(group, body)
		}
		ended := err != nil || !more
		if !ended && !c.records.full() {
			continue
		}
		if failed := c.flush(ctx); failed != nil {
			return read, errors.Join(err, failed)
		}
		if ended {
			return read, err
		}
	}
}

// take adds a row to the batch for each alert that it belongs to and was not delivered for.
func (c *AlertContext) take(group pivot.Group, body pcommon.Map) {
	hits := group.Match(body)
	if len(hits) == 0 {
		return
	}
	row := c.records.row(group.Table, body)
	for _, hit := range hits {
		id := c.records.uid(hit.Alert, row)
		if c.records.holds(id) {
			continue
		}
		if !c.Pivots.Wants(hit.Alert, row, c.records.underWay(hit.Alert)) {
			continue
		}
		c.health.Read(1)
		c.records.add(id, row, hit, group.Table, body, c.WholeRows, c.client.Now())
	}
}

// flush delivers the batch and notes what came of it.
func (c *AlertContext) flush(ctx context.Context) error {
	settled, err := c.records.deliver(ctx)
	for _, r := range settled {
		switch {
		case r.summary.Alert != "":
			c.Pivots.Summarized(r.summary)
			c.metrics.Summarized(ctx, r.summary.Truncated, r.summary.Rows == 0)
		default:
			c.Pivots.Deliver(r.alert, r.row, r.table, r.relation)
			c.metrics.Found(ctx, r.table, r.relation)
		}
	}
	return errors.Join(err, c.keep(ctx))
}

// summarize tells of alerts that are done.
func (c *AlertContext) summarize(ctx context.Context, now time.Time) error {
	for _, s := range c.Pivots.Summaries(now) {
		if c.records.full() {
			if err := c.flush(ctx); err != nil {
				return err
			}
		}
		c.health.Read(1)
		c.records.addSummary(s, now, c.client.Now())
	}
	return c.flush(ctx)
}

// keep stores what has changed. What was delivered is stored even while the receiver ends.
func (c *AlertContext) keep(ctx context.Context) error {
	if err := c.Pivots.write(context.WithoutCancel(ctx), c.Store); err != nil {
		return fmt.Errorf("%w: alert_context: write %q: %w", failure.ErrStorage, c.Pivots.key, err)
	}
	return nil
}

// failed decides what becomes of a group whose query has failed. It returns nil if the trouble is dealt with.
func (c *AlertContext) failed(ctx context.Context, group pivot.Group, err error) error {
	refusal, table := failure.Refusal(err), group.Table.Name
	switch {
	case refusal == nil:
	case refusal.Kind == hunting.UnknownColumn && !group.Table.Needs(refusal.Name) && !slices.Contains(c.lacking[table], refusal.Name):
		c.lacking[table] = append(c.lacking[table], refusal.Name)
		return nil
	case refusal.Kind == hunting.UnknownTable:
		c.absent[table] = true
		c.logger.Warn("The service does not have a table of alert_context: it is left out, and asked for again once a day.", zap.String("asked", table), zap.Error(err))
		return nil
	case refusal.Kind == hunting.BadQuery, failure.IsTooMuch(err), c.isOnlyThis(ctx, err):
		return c.lessen(ctx, group, err)
	}
	return err
}

// isOnlyThis reports whether an error may be due to what is in the answer, and the service answers another query.
func (c *AlertContext) isOnlyThis(ctx context.Context, err error) bool {
	refusal := failure.Refusal(err)
	suspect := refusal.MaybeSize || refusal.Kind == hunting.Interrupted ||
		refusal.Kind == hunting.Transient && refusal.Status >= http.StatusInternalServerError
	if !suspect || ctx.Err() != nil {
		return false
	}
	columns := []tables.Column{{Name: query.ServiceNow, Type: tables.DateTime}}
	rows, err := c.send(ctx, service.Probe, query.Now(), columns)
	if err != nil {
		return false
	}
	defer rows.Close()
	more, err := rows.Next(pcommon.NewMap())
	return more && err == nil
}

// lessen asks for less next time. What cannot be asked for in less is given up after several tries.
func (c *AlertContext) lessen(ctx context.Context, group pivot.Group, err error) error {
	if len(group.Items) > 1 {
		c.split = append(c.split, group.Halves()...)
		c.logger.Debug("The rows around alerts are asked for in smaller parts.", zap.Int("items", len(group.Items)), zap.Error(err))
		return nil
	}
	if c.Pivots.Fail(group, c.client.Time()) {
		c.logger.Warn("The rows around a piece of an alert's evidence cannot be read. It is given up, and the alert's summary says so.",
			zap.String("asked", group.Table.Name), zap.String("alert_id", group.Items[0].Alert), zap.Error(err))
	}
	return c.keep(ctx)
}

// Furthest is the service's time when nothing was due.
func (c *AlertContext) Furthest() time.Time { return c.health.View().CompleteUntil }

// Situation has nothing of its own.
func (c *AlertContext) Situation() failure.Situation {
	return failure.Situation{ServiceNow: c.client.Time()}
}

// Adapt does nothing: Poll itself asks for less.
func (*AlertContext) Adapt(error) bool { return false }

// Advise says by which setting it is left out.
func (*AlertContext) Advise(err error) error {
	if failure.Is(err, hunting.Forbidden, hunting.Unlicensed) {
		return fmt.Errorf("set alert_context::enabled: false if it is not to be read: %w", err)
	}
	return err
}

// AskForLess does nothing: Poll itself does.
func (*AlertContext) AskForLess(context.Context, failure.Doubt, error) bool { return false }

// Succeeded has nothing to do.
func (*AlertContext) Succeeded() {}

var _ Source = (*AlertContext)(nil)
