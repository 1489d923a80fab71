package defenderreceiver

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// History is read beside live rows, over restarts, a kill and faults: every row comes once, in the lane that
// its arrival says. Along event time it is the event's own time that says it.
func TestBackfill(t *testing.T) {
	for _, mode := range []Mode{ModeIngestionTime, ModeEventTime} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			company := sample()
			company.History, company.HiddenShare = 6*24*time.Hour, 0
			s := newStage(t, defendersim.Options{Tenant: company, Quirks: defendersim.DefaultQuirks()})
			names := []string{logons, "DeviceFileEvents", "DeviceEvents"}
			cfg := s.config(names...)
			cfg.LateArrival.Mode = mode
			cfg.Settle, cfg.InitialLookback, cfg.Backfill.Window = 2*time.Minute, 3*time.Hour, 4*24*time.Hour
			cfg.LateArrival.Audit.Window = 2 * time.Hour
			cfg.Page.MaxRows, cfg.Batch.MaxRecords = 25, 10
			end := s.Clock.Now
			if mode == ModeIngestionTime {
				end = func() time.Time { return s.Clock.Now().Add(-cfg.Settle) }
			}
			// Arrived before the live lane begins, and say that they happen after it.
			ahead := make([]defendersim.Planted, 7)
			for i := range ahead {
				row := testbed.LogonRow(i)
				row[tables.TimestampColumn] = epoch.Add(-time.Hour).Format(time.RFC3339Nano)
				ahead[i] = defendersim.Planted{Row: row, IngestionTime: epoch.Add(-5 * time.Hour)}
			}
			require.NoError(t, s.Sim.Plant(logons, ahead...))
			tap := &tap{}
			s.Sink.Refuse(tap.consume)
			life, again := s.launch(cfg), map[string]bool{}
			for round := range 8 {
				s.Clock.Advance(7 * time.Minute)
				tap.open(100)
				switch round {
				case 1, 5:
					s.Sim.SetFaults(fault(defendersim.FaultTruncate, 0.2), fault(defendersim.FaultHTML502, 0.1), fault(defendersim.FaultPreempted, 0.1))
				case 2, 4:
					s.Sim.SetFaults()
					life.stop()
					life = s.launch(cfg)
				case 6:
					s.Sim.SetFaults()
					life.kill()
					again = s.unkept(names)
					life = s.launch(cfg)
				}
				s.readUntil(end(), names...)
				require.Eventually(t, tap.dry, wait, time.Millisecond)
				assert.True(t, slices.ContainsFunc(life.receiver.backfills(), func(l *lane) bool { return !l.health.View().History.Done }))
			}
			tap.open(1_000_000)
			s.filled(life)
			// A longer window reads on, and nothing again.
			life.stop()
			cfg.Backfill.Window += 24 * time.Hour
			life = s.launch(cfg)
			s.filled(life)
			s.readUntil(end(), names...)
			life.stop()

			for _, name := range names {
				began := s.cursor(name).LiveStart.At
				_, ledger := s.stored(name + "/" + logrecord.LaneBackfill)
				assert.Less(t, len(ledger), len(s.keysOf(name))/2, "the ledger of history is that of one span")
				got := map[string]string{} // lane by key
				for _, r := range s.Sink.Records() {
					if r.Table != name {
						continue
					}
					if _, twice := got[testbed.Key(r)]; twice {
						assert.True(t, again[r.UID], "%s of %s came twice", testbed.Key(r), name)
					}
					got[testbed.Key(r)] = collector.Attribute(r.Log, logrecord.AttributeLane)
				}
				for key, row := range s.lanes(name, mode, began, s.Clock.Now().Add(-5*time.Minute), cfg.Backfill.Window) {
					lane, came := got[key]
					require.True(t, came || row.tooLate, "%s of %s is missing: %+v", key, name, row)
					if came {
						assert.Equal(t, row.lane, lane, "the lane of %s of %s", key, name)
						delete(got, key)
					}
				}
				for key, lane := range got {
					// What is newer than the settled rows that were compared.
					assert.Empty(t, lane, "%s of %s is beyond what was asked for", key, name)
				}
			}
			if mode == ModeIngestionTime {
				assert.Zero(t, s.audited("recovered"), "the count of each span found nothing to do")
			}
			assert.Zero(t, s.audited("missing"))
			s.accounts(s.Sink.Count(), false)
		})
	}
}

// tap lets only so many rows of history through.
type tap struct{ left atomic.Int64 }

func (p *tap) open(rows int64) { p.left.Store(rows) }

func (p *tap) dry() bool { return p.left.Load() <= 0 }

func (p *tap) consume(logs plog.Logs) error {
	records := collector.Records(logs)
	if collector.Attribute(records[0].Log, logrecord.AttributeLane) == "" {
		return nil
	}
	if p.left.Add(-int64(len(records))) < 0 {
		return errors.New("closed")
	}
	return nil
}

// unkept are the accepted rows that a kill may bring again: of the live lane those that the stored ledger
// lacks, and of history those of them that lie in the span that is being read.
func (s *stage) unkept(names []string) map[string]bool {
	s.t.Helper()
	uids := map[string]bool{}
	for _, name := range names {
		_, live := s.stored(name)
		cursor, past := s.stored(name + "/" + logrecord.LaneBackfill)
		for _, r := range s.Sink.Records() {
			if r.Table != name {
				continue
			}
			ledger, may := live, true
			if collector.Attribute(r.Log, logrecord.AttributeLane) == logrecord.LaneBackfill {
				at := r.Log.Timestamp().AsTime()
				ledger, may = past, !at.Before(cursor.History.Span.Until) && at.Before(cursor.History.Span.To)
				if !cursor.History.Reading() {
					may = at.Before(cursor.History.Reached)
				}
			}
			if _, kept := ledger[uuid.MustParse(r.UID)]; !kept && may {
				uids[r.UID] = true
			}
		}
	}
	return uids
}

// filled waits until history was read.
func (s *stage) filled(p *process) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		return !slices.ContainsFunc(p.receiver.backfills(), func(l *lane) bool { return !l.health.View().History.Done })
	}, wait, time.Millisecond)
	for _, l := range p.receiver.backfills() {
		assert.InDelta(s.t, 1, l.health.View().History.Ratio(time.Time{}), 0)
	}
}

// laneRow is a row that a receiver with a backfill reads. Along event time the one that comes after its day
// of history was read is not found.
type laneRow struct {
	lane    string
	tooLate bool
}

// lanes are the rows of a table that had arrived by until and should have come, by key.
func (s *stage) lanes(table string, mode Mode, began, until time.Time, window time.Duration) map[string]laneRow {
	s.t.Helper()
	rows, err := s.Sim.Truth(table, epoch.Add(-30*24*time.Hour), until)
	require.NoError(s.t, err)
	lanes := map[string]laneRow{}
	for _, row := range rows {
		event, ok := row.Row[tables.TimestampColumn].(time.Time)
		require.True(s.t, ok)
		place := row.IngestionTime
		if mode == ModeEventTime {
			place = event
		}
		switch {
		case !place.Before(began) && !event.After(until):
			lanes[row.Key] = laneRow{}
		case place.Before(began) && !event.Before(began.Add(-window)):
			lanes[row.Key] = laneRow{logrecord.LaneBackfill, !row.IngestionTime.Before(epoch)}
		}
	}
	assert.Greater(s.t, len(lanes), 100, table)
	return lanes
}

// A row of history that becomes visible only after its place was read is found when its day is counted.
func TestHistoryIsCounted(t *testing.T) {
	t.Parallel()
	s := newStage(t, defendersim.Options{})
	plant := func(first, n int, visible time.Time) {
		rows := make([]defendersim.Planted, n)
		for i := range rows {
			row := testbed.LogonRow(first + i)
			row[tables.TimestampColumn] = epoch.Add(-3 * time.Hour).Add(time.Duration(first+i) * time.Second).Format(time.RFC3339Nano)
			rows[i] = defendersim.Planted{Row: row, IngestionTime: epoch.Add(-150 * time.Minute), Visible: visible}
		}
		require.NoError(t, s.Sim.Plant(logons, rows...))
	}
	plant(0, 5, epoch.Add(time.Hour))
	plant(10, 50, time.Time{})
	cfg := s.config(logons)
	cfg.Backfill.Window, cfg.LateArrival.Audit.Window = 24*time.Hour, time.Hour
	cfg.Page.MaxRows, cfg.Batch.MaxRecords = 10, 5
	tap := &tap{}
	tap.open(20)
	s.Sink.Refuse(tap.consume)
	life := s.launch(cfg)
	require.Eventually(t, tap.dry, wait, time.Millisecond)
	s.Clock.Advance(2 * time.Hour)
	tap.open(1000)
	s.filled(life)
	life.stop()
	s.complete(logons)
	assert.Equal(t, 5, s.audited("recovered"))
}

// An alert of history is what its halves were when the live lane began; what has come since makes it a live
// one, in whichever half.
func TestBackfillOfAlerts(t *testing.T) {
	t.Parallel()
	company := sample()
	company.History, company.HiddenShare = 20*time.Hour, 0
	s := newStage(t, defendersim.Options{Tenant: company, Quirks: defendersim.DefaultQuirks()})
	cfg := s.config("Alerts")
	cfg.Settle, cfg.InitialLookback, cfg.Backfill.Window = 2*time.Minute, 3*time.Hour, 12*time.Hour
	cfg.Page.MaxRows, cfg.Batch.MaxRecords = 25, 10
	cfg.PollInterval = 500 * time.Millisecond // each poll joins all alerts
	cfg.LateArrival.Audit.Window = 2 * time.Hour
	life := s.launch(cfg)
	for range 3 {
		s.Clock.Advance(3 * time.Hour)
		s.readUntil(s.Clock.Now().Add(-cfg.Settle), "Alerts")
	}
	s.filled(life)
	life.stop()

	began := s.cursor("Alerts").LiveStart.At
	lanes, uids := map[string][]string{}, map[string]bool{}
	for _, r := range s.Sink.Records() {
		assert.False(t, uids[r.UID], "%s came twice", r.UID)
		uids[r.UID] = true
		lane := collector.Attribute(r.Log, logrecord.AttributeLane)
		if at := r.Log.Timestamp().AsTime(); lane == logrecord.LaneBackfill && at.Before(began.Add(-cfg.Backfill.Window)) {
			assert.Fail(t, "beyond the window", "%s", at)
		}
		lanes[lane] = append(lanes[lane], evidenceKey(r.Body()))
	}
	for _, keys := range lanes {
		slices.Sort(keys)
	}
	live, past := s.alertTruth(began, s.Clock.Now().Add(-cfg.Settle-paging.Tick)), s.alertTruth(time.Time{}, began.Add(-paging.Tick))
	// An AlertInfo that came again and says what it had said makes no record.
	either := slices.Sorted(slices.Values(slices.Concat(lanes[""], lanes[logrecord.LaneBackfill])))
	assert.Empty(t, difference(live, either), "missing of the live lane")
	assert.Empty(t, difference(slices.Compact(lanes[""]), live), "not of the live lane")
	assert.Empty(t, difference(lanes[logrecord.LaneBackfill], past), "not of history")
	past = slices.DeleteFunc(past, func(key string) bool {
		at, err := time.Parse(time.RFC3339Nano, key[:strings.IndexByte(key, '|')])
		return err != nil || at.Before(began.Add(-cfg.Backfill.Window))
	})
	assert.Greater(t, len(past), 10)
	assert.Empty(t, difference(past, lanes[logrecord.LaneBackfill]), "missing of history")
}
