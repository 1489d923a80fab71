package source

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

// Found is what a table found in the storage when the receiver started.
type Found uint8

// The findings.
const (
	Cursor       Found = iota // a cursor
	Nothing                   // nothing: this is its first start
	EarlierStart              // an earlier start that has not read anything
)

// LiveSettings are how new rows of a table are read.
type LiveSettings struct {
	Mode     Mode
	Lookback time.Duration // of the first start
	// Reach is how far behind its cursor the table goes on along another time basis.
	Reach time.Duration
	Now   func() time.Time // this machine's clock
}

// Live reads the new rows of a table. Everything in it belongs to the loop of the lane.
type Live struct {
	LiveSettings

	reader *reader.Reader
	audits *reader.Auditor
	basis  *basis
	keeper *ledger.Keeper
	logger *zap.Logger
	start  *Start
	// Complete is called when a poll has read what was new, and has tried what could not be read; nil: nothing is.
	Complete func(ctx context.Context)

	first time.Time // when the receiver was started first with this table, on this machine's clock
	found Found
}

// NewLive makes the source of new rows.
func NewLive(r *reader.Reader, audits *reader.Auditor, keeper *ledger.Keeper, logger *zap.Logger, set LiveSettings) *Live {
	l := &Live{LiveSettings: set, reader: r, audits: audits, keeper: keeper, logger: logger, start: NewStart()}
	l.basis = &basis{mode: set.Mode, reader: r, logger: logger, chosen: l.goOn}
	return l
}

// Start is where the lane began.
func (l *Live) Start() *Start { return l.start }

// Found is what Resume found in the storage.
func (l *Live) Found() Found { return l.found }

// Resume takes up the stored ledger, if there is one, or fixes when the table was first started.
func (l *Live) Resume(ctx context.Context) error {
	found, err := l.reader.Track.Open(ctx, l.keeper)
	if err != nil {
		return err
	}
	if !found {
		return l.startFirst(ctx)
	}
	l.start.tell(l.reader.Track.Ledger().Cursor().LiveStart)
	return nil
}

// startFirst fixes the first start of a table that has no cursor, so that tries which fail do not move where it begins.
func (l *Live) startFirst(ctx context.Context) error {
	first, isNow, err := l.keeper.FirstStart(ctx, l.reader.Track.ID(), l.Now())
	if err != nil {
		return err
	}
	l.first, l.found = first, Nothing
	if !isNow {
		l.found = EarlierStart
	}
	l.reader.Track.Expect(first.Add(-l.Lookback))
	return nil
}

// sinceFirst is how long ago the first start was, as long as there is no cursor.
func (l *Live) sinceFirst() time.Duration {
	if l.first.IsZero() {
		return 0
	}
	return max(l.Now().Sub(l.first), 0)
}

// Poll reads all that has come and settled.
func (l *Live) Poll(ctx context.Context) (bool, error) {
	l.reader.Track.Begin()
	return false, l.poll(ctx)
}

func (l *Live) poll(ctx context.Context) error {
	if !l.basis.isKnown() {
		if err := l.basis.begin(ctx); err != nil {
			return err
		}
	}
	if err := l.readNew(ctx); err != nil {
		if failure.CauseOf(err) == failure.Query {
			l.basis.doubt()
		}
		return err
	}
	// What is not about new rows comes after them, so that they do not wait for it.
	if err := l.reader.Unreadable.Retry(ctx); err != nil {
		return err
	}
	if l.Complete != nil {
		l.Complete(ctx)
	}
	if err := l.basis.begin(ctx); err != nil {
		return err
	}
	if !l.audits.Due() {
		return nil
	}
	var checked error
	if !l.audits.Yields() {
		checked = l.basis.check(ctx)
	}
	return errors.Join(checked, l.audits.Audit(ctx))
}

// readNew reads all that has come and settled, and what is read again of the overlap.
func (l *Live) readNew(ctx context.Context) error {
	if err := l.leaveFuture(ctx); err != nil {
		return err
	}
	track := l.reader.Track
	if _, left := l.reader.Planned(); track.Overlap() == 0 || !left {
		cursor := track.Ledger().Cursor()
		if !cursor.CompleteUntil.Before(track.Horizon()) && cursor.CompleteUntil.After(cursor.Since) {
			// A clock stands, or was set back behind what was read. There is nothing to ask for, but without a
			// question the service's time would not be learned again.
			if _, _, err := l.reader.Probe(ctx); err != nil {
				return err
			}
		}
		next := paging.Latest(cursor.CompleteUntil.Add(-track.Overlap()), cursor.Since)
		if next.Before(track.Horizon()) {
			// Where the quota is short a turn may take an hour: what came meanwhile is read with it.
			leave, err := l.reader.TakeTurn(ctx)
			if err != nil {
				return err
			}
			defer leave()
		}
		l.reader.Plan(next, track.Horizon())
	}
	return l.reader.ReadRanges(ctx)
}

// futureTolerance is by how much a cursor may be ahead of what is known of the service's time.
const futureTolerance = time.Minute

// leaveFuture takes a cursor back that is ahead of the service's time: rows that come meanwhile would be passed over.
// What the ledger reaches back to is read again, and rows that were delivered are recognised.
func (l *Live) leaveFuture(ctx context.Context) error {
	track := l.reader.Track
	now, known := track.ServiceNow()
	cursor := track.Ledger().Cursor()
	if !known || !cursor.CompleteUntil.After(now.Add(futureTolerance)) {
		return nil
	}
	// The ledger reaches back no further.
	from := paging.Latest(cursor.CompleteUntil.Add(-max(l.audits.Window, l.Reach)), cursor.Since)
	if from.After(now) {
		// The table was started ahead of the service's time.
		from = now.Add(-l.Lookback - l.sinceFirst()).Truncate(paging.Tick)
	}
	l.logger.Error("The cursor is ahead of the service's time, so rows may have been passed over: it is set back, and what was delivered since is "+
		"recognised. If this comes again, look at the clock of what stands between the collector and the service.",
		zap.Time("complete_until", cursor.CompleteUntil), zap.Time("service_now", now), zap.Time("from", from))
	if err := track.Ledger().Load(ctx, from, cursor.CompleteUntil); err != nil {
		return err
	}
	l.reader.Plan(time.Time{}, time.Time{})
	track.Ledger().SetBack(from)
	return track.Keep()
}

// goOn begins the ledger along the time basis that was chosen, or carries it over.
func (l *Live) goOn(ctx context.Context) error {
	l.audits.Begin()
	switch has := l.reader.Track.Ledger(); {
	case has == nil:
		return l.begin()
	case has.Cursor().TimeBasis != l.reader.Question.TimeBasis().String():
		return l.carryOver(ctx)
	}
	return nil
}

// begin begins a table that has no cursor. Where it begins is kept at once: history ends there.
func (l *Live) begin() error {
	// What arrived while the first tries failed is wanted, too.
	begun := begin(l.reader, l.keeper, l.Lookback+l.sinceFirst())
	// The keeper has it even if its last write failed, and stores it before what history gives it.
	l.start.tell(l.reader.Track.Ledger().Cursor().LiveStart)
	return begun
}

// begin begins a ledger a while ago, as far as the service still has rows.
func begin(r *reader.Reader, keeper *ledger.Keeper, lookback time.Duration) error {
	track, table := r.Track, r.Question.Table()
	from := paging.Latest(track.Now().Add(-lookback), track.Now().Add(-tables.Retention)).Truncate(paging.Tick)
	track.Take(ledger.Begin(keeper, track.ID(), table.TimeBasis.String(), table.Filter(), from))
	return track.Keep()
}

// carryOver goes on along another time basis. The rows that were delivered or refused along the old one are kept by
// id. The new one begins early enough to meet rows that lie before the cursor on one basis and behind it on the other.
func (l *Live) carryOver(ctx context.Context) error {
	track, table := l.reader.Track, l.reader.Question.Table()
	before := track.Ledger()
	next, err := before.CarryOver(ctx, table.TimeBasis.String(), table.Filter(), before.CompleteUntil().Add(-l.Reach), track.Now())
	if err != nil {
		return err
	}
	l.reader.Plan(time.Time{}, time.Time{})
	track.Take(next)
	l.logger.Warn("The table is read along another time than before; rows that were delivered are recognised.",
		zap.String("before", before.Cursor().TimeBasis), zap.String("now", next.Cursor().TimeBasis))
	return track.Keep()
}

// Furthest changes when a poll comes further than the ones before it. An audit that has counted or read something more
// counts as well.
func (l *Live) Furthest() time.Time { return furthest(l.reader, l.audits) }

func furthest(r *reader.Reader, audits *reader.Auditor) time.Time {
	return r.Furthest().Add(time.Duration(audits.Steps()))
}

// Situation is what the table knows of what a verdict on a failure depends on.
func (l *Live) Situation() failure.Situation { return l.reader.Track.Situation() }

// Adapt leaves a column out that the service does not have.
func (l *Live) Adapt(err error) bool { return l.reader.Question.Adapt(err, l.logger) }

// Advise adds what an operator can do by the table's own settings.
func (l *Live) Advise(err error) error { return l.reader.Question.Advise(err) }

// AskForLess makes the next range smaller.
func (l *Live) AskForLess(ctx context.Context, doubt failure.Doubt, err error) bool {
	return l.reader.AskForLess(ctx, doubt, err)
}

// Succeeded asks for all columns again once a day.
func (l *Live) Succeeded() { l.reader.Question.AskAgain() }
