package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

var epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func id(n byte) uuid.UUID { return uuid.UUID{n} }

func after(d time.Duration) time.Time { return epoch.Add(d) }

func TestLedgerRecognisesWhatMayBeReadAgain(t *testing.T) {
	l := Begin(nil, "A", "event_time", "", epoch)
	l.Deliver(id(1), after(time.Second))
	l.Deliver(id(2), after(6*time.Minute))
	assert.True(t, l.Recognise(id(1), after(time.Second)))
	assert.False(t, l.Recognise(id(3), after(time.Second)))

	l.Advance(after(6 * time.Minute))
	l.Forget(0, epoch)
	assert.False(t, l.Recognise(id(1), after(time.Second)), "its bin is complete, so it is not read again")
	assert.True(t, l.Recognise(id(2), after(6*time.Minute)), "its bin may have more rows")
	assert.Equal(t, 1, l.bins[BinOf(epoch)].Rows, "the ledger keeps what audits compare")

	l.Forget(10*time.Minute, after(time.Hour))
	assert.Contains(t, l.bins, BinOf(epoch), "the overlap is read again")
	l.Advance(after(time.Hour))
	l.Forget(10*time.Minute, after(time.Hour))
	assert.Empty(t, l.bins)
}

func TestLedgerNeverMovesBack(t *testing.T) {
	l := Begin(nil, "A", "event_time", "", epoch)
	l.Advance(after(-time.Hour))
	assert.Equal(t, epoch, l.cursor.CompleteUntil)
	l.Advance(after(time.Hour))
	l.Retract(epoch)
	assert.Equal(t, epoch, l.cursor.CompleteUntil, "but for an answer out of order")
}

func TestChangesHoldEachRowOnce(t *testing.T) {
	l := Begin(nil, "A", "event_time", "", epoch)
	l.Deliver(id(1), epoch)
	l.SetCounted(BinOf(epoch), 7)
	first := l.pending.take(l.Cursor(), after(time.Second))
	assert.Equal(t, Rows{BinOf(epoch): {id(1)}}, first.delivered)
	assert.Equal(t, map[Bin]int{BinOf(epoch): 7}, first.counted)
	l.Deliver(id(2), epoch)
	second := l.pending.take(l.Cursor(), after(time.Second))
	assert.Equal(t, Rows{BinOf(epoch): {id(2)}}, second.delivered)
	assert.Empty(t, second.counted)
}

func TestCarriedRowsAreRecognisedOnceAndThenByTheirBin(t *testing.T) {
	l := newLedger(nil, "A", Cursor{CompleteUntil: epoch, CarriedUntil: after(time.Hour)}, nil)
	l.carried = map[uuid.UUID]bool{id(1): false}
	assert.True(t, l.Recognise(id(1), epoch))
	assert.Equal(t, 1, l.bins[BinOf(epoch)].Rows)
	assert.True(t, l.Recognise(id(1), epoch))
	l.Advance(after(time.Hour))
	l.Forget(time.Hour, epoch)
	assert.NotNil(t, l.carried)
	l.Advance(after(3 * time.Hour))
	l.Forget(time.Hour, epoch)
	assert.Nil(t, l.carried)
	assert.True(t, l.pending.take(l.Cursor(), epoch).dropCarried)
}

// stand is what a new process finds of a lane.
func stand(t *testing.T, m *collector.Storage) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), newKeeper(m, 0), "A")
	require.NoError(t, err)
	require.NoError(t, l.LoadRecent(t.Context(), time.Hour))
	return l
}

// store keeps a ledger and stores it.
func store(t *testing.T, l *Ledger) {
	t.Helper()
	require.NoError(t, l.Keep(time.Now()))
	require.NoError(t, l.shelf.keeper.store(t.Context(), endOfTime))
}

// Rows that the pipeline refused stay refused when the time basis changes, there and back, over restarts.
func TestRefusedRowsAreCarriedOverAsRefused(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		m := collector.NewStorage()
		l := Begin(newKeeper(m, 0), "A", "ingestion_time", "", epoch)
		l.Deliver(id(1), epoch)
		l.Refuse(id(2), epoch)
		l.Refuse(id(3), after(time.Hour))
		store(t, l)
		for round, timeBasis := range []string{"event_time", "ingestion_time", "event_time"} {
			if restarts {
				l = stand(t, m)
			}
			var err error
			l, err = l.CarryOver(t.Context(), timeBasis, "", epoch, after(2*time.Hour))
			require.NoError(t, err)
			store(t, l)
			if restarts {
				l = stand(t, m)
			}
			if round == 1 {
				continue // nothing is read before the next change
			}
			for n := range byte(3) {
				assert.True(t, l.Recognise(id(n+1), after(time.Duration(n)*time.Minute)))
			}
			assert.False(t, l.Recognise(id(4), epoch))
			got := l.Entry(BinOf(epoch))
			assert.Equal(t, []int{3, 2}, []int{got.Rows, got.Refused}, "round %d", round)
			store(t, l)
			got = stand(t, m).Entry(BinOf(epoch))
			assert.Equal(t, []int{3, 2}, []int{got.Rows, got.Refused}, "stored, round %d", round)
		}
	}
}

// What is dropped of the bins leaves nothing in the storage.
func TestRefusedRowsAreDroppedWithTheirBin(t *testing.T) {
	m := collector.NewStorage()
	l := Begin(newKeeper(m, 0), "A", "ingestion_time", "", epoch)
	l.Refuse(id(1), epoch)
	store(t, l)
	_, keys := m.Count()
	assert.Equal(t, 3, keys, "cursor, rows, refused rows")
	l.Advance(after(time.Hour))
	l.Forget(0, after(time.Hour))
	store(t, l)
	_, keys = m.Count()
	assert.Equal(t, 1, keys)
}

func TestSetBack(t *testing.T) {
	l := Begin(nil, "A", "event_time", "", epoch)
	l.Advance(after(time.Hour))
	l.SetBack(after(time.Minute))
	assert.Equal(t, []time.Time{epoch, after(time.Minute)}, []time.Time{l.Cursor().Since, l.CompleteUntil()})
	l.SetBack(after(-time.Hour))
	assert.Equal(t, []time.Time{after(-time.Hour), after(-time.Hour)}, []time.Time{l.Cursor().Since, l.CompleteUntil()})
}

func TestAnotherFilterIsNotComparable(t *testing.T) {
	l := Begin(nil, "A", "event_time", "f", epoch)
	l.Advance(after(time.Hour))
	l.SetFilter("f")
	assert.Equal(t, epoch, l.Cursor().Since)
	l.SetFilter("g")
	assert.Equal(t, after(time.Hour), l.Cursor().Since)
}

// A cursor is a copy: nobody writes to the ledger but by its methods.
func TestCursorIsACopy(t *testing.T) {
	l := BeginHistory(nil, "A", "event_time", "", LiveStart{At: epoch})
	l.Unreadable().Add(epoch, after(time.Hour), epoch)
	c := l.Cursor()
	c.Unreadable[0].Tries, c.History.Reached = 7, after(time.Hour)
	assert.Zero(t, l.Unreadable().All()[0].Tries)
	assert.Equal(t, epoch, l.History().State().Reached)
}

func TestUnreadableRangesArePassedOver(t *testing.T) {
	l := Begin(nil, "A", "event_time", "", epoch)
	u := l.Unreadable()
	u.Add(after(10*time.Minute), after(20*time.Minute), epoch)
	l.cursor.Unreadable = append(l.cursor.Unreadable, Range{TimeBasis: "ingestion_time", From: epoch, To: after(time.Hour)})
	next := func(from, to time.Duration) []time.Duration {
		a, b := u.Around(after(from), after(to))
		return []time.Duration{a.Sub(epoch), b.Sub(epoch)}
	}
	const m = time.Minute
	assert.Equal(t, []time.Duration{0, 10 * m}, next(0, 30*m), "up to the range")
	assert.Equal(t, []time.Duration{20 * m, 30 * m}, next(10*m, 30*m), "behind it")
	assert.Equal(t, []time.Duration{20 * m, 30 * m}, next(15*m, 30*m))
	assert.Equal(t, []time.Duration{21 * m, 30 * m}, next(21*m, 30*m))
	assert.True(t, u.TouchesBin(BinOf(after(10*m))))
	assert.False(t, u.TouchesBin(BinOf(after(20*m))))
	assert.False(t, u.Touches(after(20*m), after(40*m)), "the other range is of another time basis")

	l.Advance(after(3 * time.Hour))
	l.Deliver(id(1), after(11*m))
	l.Forget(0, after(2*time.Hour))
	assert.Equal(t, 1, l.Entry(BinOf(after(11*m))).Rows, "its bin is kept, to recognise rows when it is read again")
}

func TestUnreadableRangesAreTriedEverMoreRarely(t *testing.T) {
	l := Begin(nil, "A", "event_time", "", epoch)
	u := l.Unreadable()
	u.Add(epoch, after(time.Minute), epoch)
	var waits []time.Duration
	for range 9 {
		r := u.All()[0]
		u.Failed(r, r.Next)
		waits = append(waits, u.All()[0].Next.Sub(r.Next))
	}
	assert.Equal(t, []time.Duration{
		30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour,
	}, waits)
	r := u.All()[0]
	u.Postpone(r, r.Next)
	assert.Equal(t, r.Tries, u.All()[0].Tries, "trouble is no try")
	u.Remove(u.All()[0])
	assert.Zero(t, u.Len())
}

// History has a span of its own; the live lane's cursor says nothing of it.
func TestSpansOfHistory(t *testing.T) {
	l := BeginHistory(nil, "A", "event_time", "", LiveStart{TimeBasis: "ingestion_time", At: epoch})
	h := l.History()
	assert.False(t, h.State().Reading())
	h.BeginSpan(after(-2*time.Hour), epoch, after(-time.Hour))
	assert.True(t, h.State().Reading())
	assert.Equal(t, after(-2*time.Hour), l.CompleteUntil())
	l.Deliver(id(1), after(-90*time.Minute))
	l.Deliver(id(2), after(-30*time.Minute))
	l.Deliver(id(3), after(-100*time.Minute))
	l.Unreadable().Add(after(-100*time.Minute), after(-99*time.Minute), epoch)
	l.Advance(epoch)
	assert.Equal(t, Span{From: after(-2 * time.Hour), Until: epoch, To: epoch}, h.State().Span)
	assert.Zero(t, l.Cursor().CompleteUntil)

	h.EndSpan(after(-time.Hour))
	assert.Equal(t, after(-2*time.Hour), h.State().Reached)
	assert.False(t, h.State().Reading())
	rows := func(at time.Duration) int { return l.Entry(BinOf(after(at))).Rows }
	assert.Equal(t, []int{0, 1, 1}, []int{rows(-90 * time.Minute), rows(-30 * time.Minute), rows(-100 * time.Minute)},
		"what is counted again and what is unreadable is kept")
	h.EndRecount()
	assert.True(t, h.State().Recounted)
	assert.Equal(t, []int{0, 0, 1}, []int{rows(-90 * time.Minute), rows(-30 * time.Minute), rows(-100 * time.Minute)})
	h.BeginSpan(epoch, after(time.Hour), time.Time{})
	h.EndAhead(time.Time{})
	assert.Equal(t, []any{true, after(-2 * time.Hour)}, []any{h.State().Ahead, h.State().Reached})
}

// Where a table without a cursor begins does not move with the tries that fail.
func TestFirstStart(t *testing.T) {
	m := collector.NewStorage()
	first, isNow, err := newKeeper(m, 0).FirstStart(t.Context(), "A", epoch)
	require.NoError(t, err)
	assert.True(t, isNow)
	assert.Equal(t, epoch, first)
	first, isNow, err = newKeeper(m, 0).FirstStart(t.Context(), "A", after(time.Hour))
	require.NoError(t, err)
	assert.False(t, isNow)
	assert.Equal(t, epoch, first)
	m.Fail(errors.New("disk full"))
	_, _, err = newKeeper(m, 0).FirstStart(t.Context(), "B", epoch)
	assert.ErrorContains(t, err, `store "start/v1/tenant-a/B"`)
}

func TestLedgerWithoutAStorage(t *testing.T) {
	l := Begin(nil, "A", "event_time", "", epoch)
	assert.False(t, l.HasRows())
	l.Deliver(id(1), epoch)
	assert.True(t, l.HasRows())
	require.NoError(t, l.Keep(epoch))
	require.NoError(t, l.Failure())
	assert.Equal(t, "event_time", l.Cursor().TimeBasis)
}

// A write that failed is told, and what it held is stored with the next one.
func TestFailureOfALedger(t *testing.T) {
	m := collector.NewStorage()
	l := Begin(newKeeper(m, 0), "A", "event_time", "", epoch)
	m.Fail(errors.New("disk full"))
	require.NoError(t, l.Keep(time.Now()))
	require.Error(t, l.shelf.keeper.store(t.Context(), endOfTime))
	require.ErrorContains(t, l.Failure(), "disk full")
	require.ErrorContains(t, l.Keep(time.Now()), "disk full")
}

// The ids of an overlap are in memory after a start; those before it are loaded when they are needed.
func TestLoadedRows(t *testing.T) {
	m := collector.NewStorage()
	l := Begin(newKeeper(m, 0), "A", "event_time", "", epoch)
	l.Deliver(id(1), epoch)
	l.Deliver(id(2), after(2*time.Hour))
	l.Advance(after(2 * time.Hour))
	store(t, l)
	l = stand(t, m)
	assert.True(t, l.Recognise(id(2), after(2*time.Hour)))
	assert.False(t, l.Recognise(id(1), epoch))
	require.NoError(t, l.Load(t.Context(), epoch, after(time.Minute)))
	assert.True(t, l.Recognise(id(1), epoch))
	_, err := Open(t.Context(), newKeeper(m, 0), "B")
	require.NoError(t, err)
}

// What was refused counts while it waits to be stored, too; what is forgotten by then is never stored.
func TestRowsThatWaitToBeStored(t *testing.T) {
	m := collector.NewStorage()
	l := Begin(newKeeper(m, time.Hour), "A", "event_time", "", epoch)
	l.Refuse(id(1), epoch)
	l.SetCounted(BinOf(epoch), 3)
	require.NoError(t, l.Keep(time.Now()))
	carried, err := l.CarryOver(t.Context(), "ingestion_time", "", epoch, after(2*time.Hour))
	require.NoError(t, err)
	assert.True(t, carried.Recognise(id(1), epoch))
	got := carried.Entry(BinOf(epoch))
	assert.Equal(t, []int{1, 1}, []int{got.Rows, got.Refused})

	l.Refuse(id(2), after(time.Hour))
	l.Advance(after(time.Hour))
	require.NoError(t, l.Keep(time.Now()))
	require.NoError(t, l.shelf.keeper.store(t.Context(), endOfTime))
	_, index, _, err := newKeeper(m, 0).load(t.Context(), "A")
	require.NoError(t, err)
	assert.Equal(t, map[Bin]Entry{BinOf(epoch): {1, 1, 3, 1}, BinOf(after(time.Hour)): {1, 1, 0, 1}}, index)

	l.Refuse(id(3), after(time.Hour))
	require.NoError(t, l.Keep(time.Now()))
	l.Advance(after(3 * time.Hour))
	l.Forget(0, after(3*time.Hour))
	require.NoError(t, l.Keep(time.Now()))
	require.NoError(t, l.shelf.keeper.store(t.Context(), endOfTime))
	_, index, _, err = newKeeper(m, 0).load(t.Context(), "A")
	require.NoError(t, err)
	assert.Empty(t, index)
}
