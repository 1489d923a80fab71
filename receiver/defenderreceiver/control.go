package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/journal"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// controlled is how the receiver is shown and commanded by the control extension.
type controlled struct {
	id       string
	cfg      *Config
	lanes    []*lane
	registry *health.Registry
	quota    *scheduler.Scheduler
	pauses   pauses
	expiry   credentials.Expiry // of the credentials
	journal  *journal.Journal
	test     func(ctx context.Context) (*diagnosis.Result, error)

	// commanding makes one step of a command's two: what is stored, and what is in effect.
	commanding sync.Mutex
}

var (
	_ control.Receiver = (*controlled)(nil)
	_ control.Reporter = (*controlled)(nil)
	_ control.Tester   = (*controlled)(nil)
)

// newControlled pauses what a user has paused before the restart.
func (r *defenderReceiver) newControlled(ctx context.Context, registry *health.Registry, kept pauses) (*controlled, error) {
	c := &controlled{
		id: r.set.ID.String(), cfg: &r.cfg, lanes: r.lanes, registry: registry, quota: r.scheduler, pauses: kept, expiry: r.service.expiry,
		journal: r.journal, test: r.Test,
	}
	var paused []string
	for _, table := range c.tables() {
		is, err := kept.has(ctx, table)
		if err != nil {
			return nil, err
		}
		if is {
			paused = append(paused, table)
			c.each(table, (*health.Commands).Pause)
		}
	}
	if len(paused) > 0 {
		r.set.Logger.Warn("A user has paused tables before the restart. They go on when a user resumes them.", zap.Strings("tables", paused))
	}
	return c, nil
}

// tables are those that are read.
func (c *controlled) tables() []string {
	var names []string
	for _, l := range c.lanes {
		if !slices.Contains(names, l.table) {
			names = append(names, l.table)
		}
	}
	return names
}

// each gives a command to all lanes of a table.
func (c *controlled) each(table string, command func(*health.Commands)) {
	for _, l := range c.lanes {
		if l.table == table {
			command(l.health.Commands)
		}
	}
}

// Pause implements control.Receiver.
func (c *controlled) Pause(ctx context.Context, table string) error {
	return c.command(table, (*health.Commands).Pause, func() error { return c.pauses.begin(ctx, table, time.Now()) })
}

// Resume implements control.Receiver.
func (c *controlled) Resume(ctx context.Context, table string) error {
	return c.command(table, (*health.Commands).Resume, func() error { return c.pauses.end(ctx, table) })
}

// ResumeAll implements control.Receiver.
func (c *controlled) ResumeAll(ctx context.Context) error {
	var errs []error
	for _, table := range c.tables() {
		errs = append(errs, c.Resume(ctx, table))
	}
	return errors.Join(errs...)
}

// command is in effect even if it cannot be stored: who pauses a table may do so because of the very trouble that the
// storage has.
func (c *controlled) command(table string, command func(*health.Commands), keep func() error) error {
	if !slices.Contains(c.tables(), table) {
		return fmt.Errorf("%s of %s: %w", table, c.id, control.ErrNoTable)
	}
	c.commanding.Lock()
	defer c.commanding.Unlock()
	c.each(table, command)
	if err := keep(); err != nil {
		return fmt.Errorf("%s of %s: %w: %w", table, c.id, control.ErrNotKept, err)
	}
	return nil
}

// Test implements control.Tester.
func (c *controlled) Test(ctx context.Context) (control.Result, error) { return c.test(ctx) }

// Status implements control.Receiver.
func (c *controlled) Status() control.ReceiverStatus {
	snapshot := c.quota.Snapshot()
	status := control.ReceiverStatus{
		ID: c.id, Troubles: lines(c.registry.Status()), Quota: c.quotaStatus(snapshot), Credentials: c.credentials(),
		Tables: c.disabled(),
	}
	for _, l := range c.lanes {
		if !l.history {
			status.Tables = append(status.Tables, c.table(l, snapshot))
		}
	}
	slices.SortStableFunc(status.Tables, func(a, b control.Table) int { return c.placeOf(a.Name) - c.placeOf(b.Name) })
	status.State, status.Reason = control.Summarize(status.Tables)
	return status
}

// credentials says in which way the receiver proves who it is, and until when it can.
func (c *controlled) credentials() control.Credentials {
	shown := control.Credentials{Method: strings.Join(c.cfg.Credentials.Given(), ", ")}
	if end, is := c.expiry(); is {
		shown.Expires = known(end)
	}
	return shown
}

// lines splits a text; an empty one has no lines.
func lines(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}

// placeOf orders the tables as they are declared; what is not declared comes after them.
func (c *controlled) placeOf(name string) int {
	declared := c.cfg.Tables.declared()
	if i := slices.IndexFunc(declared, func(t *tables.Table) bool { return t.Name == name }); i >= 0 {
		return i
	}
	return len(declared)
}

// disabled are the tables that the configuration does not read.
func (c *controlled) disabled() []control.Table {
	list := []control.Table{}
	for _, declared := range c.cfg.Tables.declared() {
		if !c.cfg.Tables[declared.Name].Enabled {
			list = append(list, control.Table{
				Name: declared.Name, Kind: kindOf(declared), State: control.Disabled, Lane: shownLive,
				Rows: control.Rows{RowsPerMinute: []int{}},
			})
		}
	}
	for _, declared := range declaredFeeds() {
		if !declared.settings(&c.cfg.Feeds).Enabled {
			list = append(list, control.Table{Name: declared.name, Kind: feedKind, State: control.Disabled, Lane: shownLive, Rows: control.Rows{RowsPerMinute: []int{}}})
		}
	}
	if !c.cfg.Feeds.SecureScores.Enabled && !slices.Contains(c.tables(), secureScores) {
		list = append(list, control.Table{Name: secureScores, Kind: feedKind, State: control.Disabled, Lane: shownLive, Rows: control.Rows{RowsPerMinute: []int{}}})
	}
	return list
}

const shownLive = "live"

func kindOf(declared *tables.Table) string {
	if declared.Kind == tables.Directory {
		return directoryKind
	}
	return tableKind
}

// table is what is shown of a live lane, with the lane of its history.
func (c *controlled) table(l *lane, snapshot scheduler.Snapshot) control.Table {
	v := l.health.View()
	letters := c.registry.DeadLetters.Of(l.table)
	t := control.Table{
		Name: l.table, Kind: l.kind, State: stateOf(v, snapshot), Reason: string(v.Reason), Lane: shownLive,
		CompleteUntil: known(v.CompleteUntil), Unreadable: v.Unreadable, DeadLetters: control.DeadLetters(letters),
		Rows: control.Rows{RowsDelivered: v.Rows.Delivered, RowsRefused: v.Rows.Refused, RowsPerMinute: l.health.RowsPerMinute()},
		Polls: control.Polls{
			Interval: v.Interval.Seconds(), LastPoll: known(v.LastPoll), NextPoll: known(v.NextPoll), LastError: textOf(v.Err),
			ConsecutiveFailures: v.Failures,
		},
	}
	if t.CompleteUntil != nil {
		lag := max(l.now().Sub(v.CompleteUntil).Seconds(), 0)
		t.LagSeconds = &lag
	}
	if l.record != nil {
		t.Audit = auditOf(l.record.View())
	}
	for _, past := range c.lanes {
		if past.history && past.table == l.table {
			c.addHistory(&t, past, snapshot)
		}
	}
	return t
}

// addHistory adds the lane that reads history.
func (c *controlled) addHistory(t *control.Table, past *lane, snapshot scheduler.Snapshot) {
	v := past.health.View()
	b := &control.Backfill{
		State: stateOf(v, snapshot), Reason: string(v.Reason), LastError: textOf(v.Err), Done: v.History.Done, RowsDelivered: v.Rows.Delivered,
	}
	if !v.History.Live.IsZero() {
		b.Progress = v.History.Ratio(v.CompleteUntil)
		b.Ends = known(v.History.Ends(b.Progress, past.now()))
	}
	t.Backfill = b
	t.RowsDelivered += v.Rows.Delivered
	t.RowsRefused += v.Rows.Refused
	t.Unreadable += v.Unreadable
	for minute, rows := range past.health.RowsPerMinute() {
		t.RowsPerMinute[minute] += rows
	}
}

// stateOf is the state of a source. One that runs may stand in line for its turn.
func stateOf(v health.View, snapshot scheduler.Snapshot) control.State {
	waits := slices.ContainsFunc(snapshot.Waiting, func(w scheduler.Waiting) bool { return w.Table == v.Name && w.ForQuota })
	if v.State == health.Running && waits {
		return control.WaitingQuota
	}
	return control.State(v.State)
}

func auditOf(v audit.View) *control.Audit {
	a := &control.Audit{Matched: v.Last.Matched, Recovered: v.Last.Recovered, Refused: v.Refused, Missing: v.Missing}
	if v.Audited {
		a.Last = known(v.Since)
	}
	return a
}

func (c *controlled) quotaStatus(snapshot scheduler.Snapshot) control.Quota {
	q := control.Quota{
		Share: c.cfg.Quota.Share, Short: snapshot.Short, BlockedUntil: known(snapshot.BlockedUntil), BlockedBy: snapshot.BlockedBy,
		Windows: []control.Window{},
	}
	for _, use := range snapshot.Windows {
		q.Windows = append(q.Windows, control.Window{
			Resource: use.Resource, Window: windowName(use.Limit.Window), Used: use.Spent, Limit: use.Limit.Amount, Ratio: use.Ratio(),
		})
	}
	return q
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// known is nil for a time that is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}
