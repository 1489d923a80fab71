package reader

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// recent is how long after its last row a table counts as one that the tenant has.
const recent = 7 * 24 * time.Hour

// Lane is in what the lanes of a table differ.
type Lane interface {
	// Overlap is how much of the past each poll reads again along a time basis.
	Overlap(basis query.TimeBasis) time.Duration
	// Needed is from when on the ledger is needed, beside an audit that is under way.
	Needed(l *ledger.Ledger) time.Time
	// PassesOver reports whether a range may be passed over that turns out to be unreadable when it is read again.
	PassesOver() bool
	// Replaces tells the bins of which an audit of a window replaces what earlier audits have found.
	Replaces(from, to ledger.Bin) func(ledger.Bin) bool
}

// Track is how far one lane of a table was delivered, and how far it can be read now.
type Track struct {
	id       string // the table and its lane, in the storage
	lane     Lane
	settle   time.Duration
	question *Question
	client   *service.Client
	seen     *health.Source
	logger   *zap.Logger

	ledger *ledger.Ledger // nil until it is known where to begin
	began  time.Time      // when the poll began
	// auditedFrom is where the audit that is under way begins, whose bins are needed; zero: none is.
	auditedFrom time.Time
}

// ID names the table and its lane in the storage.
func (t *Track) ID() string { return t.id }

// Ledger is what was delivered; nil until it is known where to begin.
func (t *Track) Ledger() *ledger.Ledger { return t.ledger }

// Open takes up the stored ledger and the rows that may be read again. It reports false if there is none.
func (t *Track) Open(ctx context.Context, keeper *ledger.Keeper) (bool, error) {
	found, err := ledger.Open(ctx, keeper, t.id)
	if err != nil || found == nil {
		return false, err
	}
	t.ledger = found
	t.question.Along(query.TimeBasisOf(found.Cursor().TimeBasis))
	t.seen.Progress(found.CompleteUntil())
	t.tellUnreadable()
	return true, found.LoadRecent(ctx, t.Overlap())
}

// Expect lets others see where reading will begin.
func (t *Track) Expect(from time.Time) { t.seen.Progress(from) }

// Take makes a ledger the one of this lane.
func (t *Track) Take(l *ledger.Ledger) { t.ledger = l }

// Begin notes that a poll begins.
func (t *Track) Begin() {
	t.began = time.Now()
	t.client.Begin(t.began)
}

// Behind is how late the rows are that are to be read. They are not before a poll in time would have read them.
func (t *Track) Behind() time.Duration {
	if t.ledger == nil {
		return max(time.Since(t.began), 0)
	}
	return max(t.Now().Sub(t.ledger.CompleteUntil())-t.settle-t.seen.View().Interval, 0)
}

// Now is the service's time; the machine's own clock may be wrong.
func (t *Track) Now() time.Time { return t.client.Time() }

// ServiceNow is the service's time, as far as it is known.
func (t *Track) ServiceNow() (now time.Time, known bool) { return t.client.ServiceNow() }

// Horizon is how far the table can be read now. Along arrival it is the time before which rows have
// come and can be seen, as far as settle tells; along event time it is now, which keeps timestamps
// of the future from moving a cursor.
func (t *Track) Horizon() time.Time {
	now := t.Now()
	if t.question.TimeBasis() == query.Arrival {
		now = now.Add(-t.settle)
	}
	return now.Truncate(paging.Tick)
}

// Overlap is how much of the past each poll reads again.
func (t *Track) Overlap() time.Duration { return t.lane.Overlap(t.question.TimeBasis()) }

// Advance moves the cursor towards to, as far as the service's clock allows. The clock was read when
// to was chosen; it is read again because an answer has come since, and the local clock may have been
// set.
func (t *Track) Advance(to time.Time) error {
	if horizon := t.Horizon(); horizon.Before(to) {
		to = horizon
	}
	t.ledger.Advance(to)
	return t.Keep()
}

// Keep lets the ledger be stored once it is due.
func (t *Track) Keep() error {
	t.seen.Progress(t.ledger.CompleteUntil())
	if err := t.ledger.Keep(time.Now()); err != nil {
		return fmt.Errorf("%w: %w", failure.ErrStorage, err)
	}
	return nil
}

// KeepLast keeps what was delivered since the last change was kept: a poll may have ended in between.
func (t *Track) KeepLast() {
	if t.ledger != nil {
		if err := t.Keep(); err != nil {
			t.logger.Error("The last position is not kept; rows may come again after a restart.", zap.Error(err))
		}
	}
}

// forget drops of the ledger what is not needed any more.
func (t *Track) forget() {
	needed := t.lane.Needed(t.ledger)
	if !t.auditedFrom.IsZero() && t.auditedFrom.Before(needed) {
		needed = t.auditedFrom
	}
	t.ledger.Forget(t.Overlap(), needed)
}

// Situation is what is known of the table of what a verdict on a failure depends on.
func (t *Track) Situation() failure.Situation {
	return failure.Situation{ServiceNow: t.Now(), Recent: t.wasThere()}
}

// wasThere reports whether rows of the table were read lately.
func (t *Track) wasThere() bool {
	return t.ledger != nil && t.Now().Sub(t.ledger.CompleteUntil()) <= recent && t.ledger.HasRows()
}

// tellUnreadable lets others see how many ranges cannot be read.
func (t *Track) tellUnreadable() { t.seen.SetUnreadable(t.ledger.Unreadable().Len()) }
