package defenderreceiver

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/journal"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

// leftDays is of how many days before the present one it is made sure that what was left on the server is counted.
const leftDays = 7

// journalist writes what audits of a lane find to the journal.
type journalist struct {
	journal *journal.Journal
	table   string
	lane    string        // empty: live
	window  time.Duration // of history
	kept    bool          // refused rows are kept in the dead letters
	ledger  func() *ledger.Ledger
	// countLeft counts what filters leave on the server of a range; nil: it is not counted.
	countLeft func(ctx context.Context, from, to time.Time) (system, filter int, err error)
	now       func() time.Time // the service's time
	logger    *zap.Logger
}

// audited writes a complete audit. What cannot be written is counted again by the next audit.
func (j *journalist) audited(ctx context.Context, result audit.Result) {
	l := j.ledger()
	a := journal.Audit{
		Lane: journal.Lane{Table: j.table, Name: j.lane, TimeBasis: l.Cursor().TimeBasis},
		From: result.From, To: result.To, Ended: j.now(), Kept: j.kept, Bins: tallies(result.Bins),
	}
	a.Begin, a.End = j.extent(l.Cursor())
	head, err := j.journal.Append(ctx, a)
	if err != nil {
		j.logger.Error("A complete audit is not kept, so the report of its days lacks it until the next one.", zap.Error(err))
		return
	}
	j.logger.Debug("The audit is in the journal.", zap.String("head", head))
	if j.countLeft != nil {
		j.countDays(ctx, a.Lane, l.CompleteUntil())
	}
}

// recalled writes what became of a range that had been set aside.
func (j *journalist) recalled(ctx context.Context, r ledger.Range, found map[ledger.Bin]audit.Findings, gone bool) {
	err := j.journal.Recall(ctx, journal.Recall{
		Lane: journal.Lane{Table: j.table, Name: j.lane, TimeBasis: r.TimeBasis}, From: r.From, To: r.To, Ended: j.now(),
		Bins: tallies(found), Gone: gone, Kept: j.kept,
	})
	if err != nil {
		j.logger.Error("That a range is read which had been set aside is not kept, so the report of its day may call its rows set aside.",
			zap.Time("from", r.From), zap.Time("to", r.To), zap.Error(err))
	}
}

func tallies(found map[ledger.Bin]audit.Findings) map[ledger.Bin]journal.Tally {
	bins := map[ledger.Bin]journal.Tally{}
	for bin, f := range found {
		bins[bin] = journal.Tally{Matched: f.Matched, Recovered: f.Recovered, Refused: f.Refused, Missing: f.Missing, SetAside: f.Unread}
	}
	return bins
}

// extent is what the lane reads at all.
func (j *journalist) extent(c ledger.Cursor) (begin, end time.Time) {
	switch {
	case c.History != nil:
		return c.History.LiveStart.At.Add(-j.window), c.History.LiveStart.At
	case c.LiveStart.TimeBasis == c.TimeBasis:
		return c.LiveStart.At, time.Time{}
	default:
		return c.Since, time.Time{}
	}
}

// countDays counts what filters have left on the server of the days that are over, each once.
func (j *journalist) countDays(ctx context.Context, lane journal.Lane, until time.Time) {
	for ago := leftDays; ago > 0; ago-- {
		day := proof.DayOf(until.AddDate(0, 0, -ago))
		from, lacks, err := j.journal.LacksLeft(ctx, lane, day)
		if err == nil && lacks {
			err = j.countDay(ctx, lane, day, from)
		}
		if err != nil {
			j.logger.Info("What filters leave on the server could not be counted; it is tried again after the next audit.",
				zap.String("day", string(day)), zap.Error(err))
			return
		}
	}
}

func (j *journalist) countDay(ctx context.Context, lane journal.Lane, day proof.Day, from time.Time) error {
	system, filter, err := j.countLeft(ctx, from, day.End())
	if err != nil {
		return err
	}
	return j.journal.SetLeft(ctx, lane, day, proof.Left{System: system, Filter: filter, Counted: j.now()})
}

// journalist makes the journalist of a lane.
func (b *builder) journalist(p parts, lane string, a *reader.Auditor) *journalist {
	j := &journalist{
		journal: b.journal, table: p.health.Table, lane: lane, window: b.cfg.Backfill.Window, kept: a.KeepsRefused,
		ledger: p.reader.Track.Ledger, now: p.reader.Track.Now, logger: p.logger,
	}
	if lane == "" {
		j.countLeft = a.CountLeft
	}
	return j
}
