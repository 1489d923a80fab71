package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

type column = tables.Column

// reader reads one lane of a table along one time column: pages, parts of an instant, and ranges that cannot be read.
type reader struct {
	name string
	lane string // logrecord.LaneBackfill; empty: live
	set  reading
	question

	service   *service.Client
	outlet    *delivery.Outlet
	ids       *rowid.Hasher
	telemetry *telemetry
	logger    *zap.Logger
	now       func() time.Time
	health    *health.Source

	ledger    *ledger.Ledger // nil until it is known where to begin
	pages     *paging.Window
	pollRange pollRange
	since     time.Time // when the poll began
	// auditedFrom is where the audit that is under way begins, whose bins are needed; zero: none is.
	auditedFrom time.Time
	// recalled is told which rows of an unreadable range were delivered or refused when it was read again, and that it is
	// gone: the service does not keep it any more. nil: nobody is.
	recalled func(ctx context.Context, r ledger.Range, found map[ledger.Bin]audit.Findings, gone bool)
}

// pollRange is what a poll has to read. A poll that fails leaves it to the next one, so that the overlap
// need not be read without a fault from its beginning. Its end stays where it was, because what
// arrives behind it is found only by a poll that begins an overlap before that end.
type pollRange struct{ next, to time.Time }

// newReader makes a reader of a lane that lacks only its surroundings.
func newReader(cfg *Config, declared *tables.Table, lane string) (*reader, error) {
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
	t := &reader{
		name: declared.Name, lane: lane, set: cfg.reading(declared.Name), question: question{query: q, lacking: lacking{declared: declared}},
		pages: paging.NewWindow(), ids: rowid.New(cfg.Credentials.TenantID, declared, query.InfoTimestamp),
	}
	t.readAlong(query.Arrival)
	return t, nil
}

// beginPoll notes that a poll begins.
func (t *reader) beginPoll() {
	t.since = time.Now()
	t.service.Begin(t.since)
}

// behind is how late the rows are that are to be read. They are not before a poll in time would have read them.
func (t *reader) behind() time.Duration {
	if t.ledger == nil {
		return max(time.Since(t.since), 0)
	}
	return max(t.serviceNow().Sub(t.ledger.CompleteUntil())-t.set.settle-t.health.View().Interval, 0)
}

// keepLast keeps what was delivered since the last change was kept: a poll may have ended in between.
func (t *reader) keepLast() {
	if t.ledger != nil {
		if err := t.keep(); err != nil {
			t.logger.Error("The last position is not kept; rows may come again after a restart.", zap.Error(err))
		}
	}
}

// id names the table and its lane: in the storage, and where troubles are told.
func (t *reader) id() string {
	if t.lane == "" {
		return t.name
	}
	return t.name + "/" + t.lane
}

// takeUp takes up the stored ledger and the rows that may be read again. It reports false if there is none.
func (t *reader) takeUp(ctx context.Context, keeper *ledger.Keeper) (bool, error) {
	found, err := ledger.Open(ctx, keeper, t.id())
	if err != nil || found == nil {
		return false, err
	}
	t.ledger = found
	t.readAlong(basisOf(found.TimeBasis()))
	t.health.Progress(found.CompleteUntil())
	t.health.SetUnreadable(found.Unreadable().Len())
	return true, found.LoadRecent(ctx, t.overlap())
}

// readRanges reads what is left of the poll range.
func (t *reader) readRanges(ctx context.Context) error {
	for t.pollRange.next.Before(t.pollRange.to) {
		if err := t.ledger.Failure(); err != nil {
			return fmt.Errorf("%w: %w", failure.ErrStorage, err)
		}
		from, until := t.ledger.Unreadable().Around(t.pollRange.next, t.pollRange.to)
		t.pollRange.next = from
		if !from.Before(until) {
			continue
		}
		var err error
		if t.pollRange.next, err = t.readRange(ctx, from, until); errors.Is(err, errNothingSmaller) {
			t.pollRange.next = t.pages.Until(from, until)
			err = t.passOver(from, t.pollRange.next, err)
		}
		if err != nil {
			return err
		}
		t.ledger.Forget(t.overlap(), t.ledgerFrom())
	}
	return nil
}

// serviceNow is the service's time; the machine's own clock may be wrong.
func (t *reader) serviceNow() time.Time {
	if now, known := t.service.ServiceNow(); known {
		return now
	}
	return t.now()
}

// horizon is how far the table can be read now. Along arrival it is the time before which rows have
// come and can be seen, as far as settle tells; along event time it is now, which keeps timestamps
// of the future from moving a cursor.
func (t *reader) horizon() time.Time {
	now := t.serviceNow()
	if t.query.TimeBasis == query.Arrival {
		now = now.Add(-t.set.settle)
	}
	return now.Truncate(paging.Tick)
}
