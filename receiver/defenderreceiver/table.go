package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

type column = tables.Column

var (
	errStorage        = errors.New("cursors cannot be stored, so nothing more is read")
	errNoIngestion    = errors.New("the service does not say when rows of this table arrived (ingestion_time() is null)")
	errNothingSmaller = errors.New("an instant cannot be read even in its smallest parts")
)

// querier is the hunting API.
type querier interface {
	Query(ctx context.Context, kql string, columns []column) (*hunting.Rows, error)
	Clock() *hunting.ServiceClock
}

// table reads one table. Everything in it belongs to the table's own loop, but for state.
type table struct {
	name     string
	cfg      *Config
	interval time.Duration
	query    query.Table
	columns  []column

	client    querier
	scheduler *scheduler.Scheduler
	keeper    *checkpoint.Keeper // nil for directories, which are read anew at each start
	deliverer *deliverer
	telemetry *telemetry
	logger    *zap.Logger
	now       func() time.Time
	state     *tableState
	status    *status

	ids        *rowid.Hasher
	chunk      *chunk
	span       *span
	position   *position // nil until it is known where to begin
	begun      bool      // the service was asked what begin asks
	duplicates int
	due        time.Time
	polled     func() // told after each poll; nil if nobody waits for it
}

// newTable makes a reader that lacks only its surroundings.
func newTable(cfg *Config, declared *tables.Table) (*table, error) {
	own := cfg.Tables[declared.Name]
	q := query.Table{Table: declared, UserColumns: own.Columns}
	if own.Filter != "" {
		filter, err := kusto.Predicate(own.Filter)
		if err != nil {
			return nil, fmt.Errorf("'tables::%s::filter': %w", declared.Name, err)
		}
		q.UserFilter = filter
	}
	if cfg.HumanAccountsOnly {
		system := accounts.ServerRules()
		q.System = &system
	}
	interval := own.PollInterval
	if interval == 0 {
		interval = cfg.PollInterval
	}
	return &table{
		name: declared.Name, cfg: cfg, interval: interval, query: q, columns: q.Projection(),
		state: &tableState{}, span: newSpan(),
		ids:   rowid.New(cfg.Credentials.TenantID, declared, query.InfoTimestamp),
		chunk: newChunk(declared, cfg.Credentials.TenantID),
	}, nil
}

// run polls until ctx ends.
func (t *table) run(ctx context.Context) {
	failures := t.newFailures()
	for ctx.Err() == nil {
		t.due = time.Now()
		err := t.poll(ctx)
		if t.polled != nil {
			t.polled()
		}
		if ctx.Err() != nil {
			return
		}
		wait := t.idle()
		if err != nil {
			wait = failures.after(err)
		} else {
			failures.clear()
		}
		if !sleep(ctx, wait) {
			return
		}
	}
}

// idle is the time to the next poll of a table that is up to date. A little jitter keeps the tables
// of a receiver from asking all at once.
func (t *table) idle() time.Duration {
	const jitterRatio = 0.05
	spent := time.Since(t.due)
	return max(t.interval-spent+time.Duration(rand.Float64()*jitterRatio*float64(t.interval)), 0) //nolint:gosec // no secret
}

func (t *table) turn() scheduler.Turn {
	return scheduler.Turn{Priority: t.cfg.Tables[t.name].Priority, Due: t.due}
}

// poll reads all that has arrived and settled.
func (t *table) poll(ctx context.Context) error {
	if err := t.begin(ctx); err != nil {
		return err
	}
	to := t.settled()
	if t.query.Kind == tables.Directory {
		return t.snapshot(ctx, to)
	}
	for t.position.completeUntil.Before(to) {
		if err := t.keeper.Failure(); err != nil {
			return fmt.Errorf("%w: %w", errStorage, err)
		}
		if err := t.readRange(ctx, to); err != nil {
			return err
		}
	}
	return nil
}

// serviceNow is the service's time; the machine's own clock may be wrong.
func (t *table) serviceNow() time.Time {
	local := t.now()
	if now, known := t.client.Clock().Now(local); known {
		return now
	}
	return local
}

// settled is the time before which rows have arrived and can be seen, as far as settle tells.
func (t *table) settled() time.Time {
	return t.serviceNow().Add(-t.cfg.Settle).Truncate(tick)
}

// begin asks the service for its time, and whether it knows when rows arrived, and fixes where to
// begin if no cursor did.
func (t *table) begin(ctx context.Context) error {
	if t.begun {
		return nil
	}
	known, err := t.probe(ctx)
	if err != nil {
		return err
	}
	if !known {
		return errNoIngestion
	}
	if t.position == nil {
		lookback := t.cfg.InitialLookback
		if t.query.Kind == tables.Directory {
			lookback = query.SnapshotWindow
		}
		t.position = newPosition(checkpoint.Cursor{CompleteUntil: t.serviceNow().Add(-lookback).Truncate(tick)})
	}
	t.state.progress(t.position.completeUntil)
	t.begun = true
	return nil
}

// probe reports whether the service says when rows of the table arrived.
func (t *table) probe(ctx context.Context) (bool, error) {
	rows, err := t.send(ctx, t.query.Probe(), query.ProbeColumns())
	if err != nil {
		return false, err
	}
	defer rows.Close()
	body := pcommon.NewMap()
	if ok, err := rows.Next(body); err != nil || !ok {
		return false, errors.Join(errors.New("the probe gave no row"), err)
	}
	unknown, ok := body.Get(query.ProbeUnknown)
	return ok && unknown.Int() == 0, nil
}

// readRange reads the next range towards to, as wide as the service can give it.
func (t *table) readRange(ctx context.Context, to time.Time) error {
	from := t.position.completeUntil
	until := t.span.until(from, to)
	page := query.Page{From: from, To: until, MaxRows: t.cfg.Page.MaxRows}
	if t.span.parts > 1 {
		return t.readParts(ctx, page)
	}
	read, err := t.readPage(ctx, page, true)
	switch {
	case isTooMuch(err):
		return t.narrow(ctx, from, until, err)
	case err != nil:
		return err
	case !read.full:
		t.span.fits(read.rows, page.MaxRows)
		return t.advance(until)
	}
	t.telemetry.truncated(ctx, t.name)
	if read.last.After(from) {
		// The page was cut within its last instant, where the position now stands.
		return nil
	}
	if until.Sub(from) > tick {
		t.span.instant()
		return nil
	}
	return t.narrow(ctx, from, until, nil)
}

// readParts reads one instant part by part; it is complete when all parts are.
func (t *table) readParts(ctx context.Context, page query.Page) error {
	page.Parts = t.span.parts
	for page.Part = range page.Parts {
		read, err := t.readPage(ctx, page, false)
		if isTooMuch(err) || err == nil && read.full {
			return t.narrow(ctx, page.From, page.To, err)
		}
		if err != nil {
			return err
		}
		// What was delivered of the instant is kept, should the process end before its last part.
		if err := t.keep(); err != nil {
			return err
		}
	}
	t.span.fits(0, page.MaxRows)
	return t.advance(page.To)
}

func (t *table) narrow(ctx context.Context, from, until time.Time, cause error) error {
	if cause != nil {
		t.telemetry.truncated(ctx, t.name)
	}
	if !t.span.narrow(from, until) {
		t.span.parts = maxParts
		return errors.Join(errNothingSmaller, cause)
	}
	t.logger.Debug("Asking for less at once.", zap.Duration("width", t.span.width), zap.Int("parts", t.span.parts), zap.Error(cause))
	return nil
}

// isTooMuch reports whether the service could not give the result, but may give a smaller one.
func isTooMuch(err error) bool {
	refusal := (*hunting.Error)(nil)
	return errors.As(err, &refusal) && (refusal.Kind == hunting.TooLarge || refusal.Kind == hunting.TooHeavy)
}
