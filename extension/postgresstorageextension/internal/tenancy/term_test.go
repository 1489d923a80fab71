package tenancy

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/database"
	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

const shard = "receiver/defender/a"

func hold(t *testing.T, w *Worker) *Term {
	t.Helper()
	term, err := w.Hold(t.Context(), "receiver", shard, "scope")
	require.NoError(t, err)
	return term
}

func isLost(term *Term) bool {
	select {
	case <-term.Lost():
		return true
	default:
		return false
	}
}

func setting(value string) database.Changes {
	return database.Changes{Set: map[string][]byte{"cursor": []byte(value)}}
}

func TestATermIsRenewedUntilItIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeDatabase()
		a, b := newTestWorker("a", db), newTestWorker("b", db)
		term := hold(t, a)
		for range 10 {
			time.Sleep(testLength)
			assert.True(t, term.IsCertain())
			_, err := b.Hold(t.Context(), "receiver", shard, "scope")
			var held *lease.HeldError
			require.ErrorAs(t, err, &held)
			assert.Equal(t, "a", held.Worker)
			assert.Equal(t, "scope", held.Scope)
		}
		require.NoError(t, term.Write(t.Context(), shard, setting("1")))
		require.NoError(t, term.Release(t.Context()))
		assert.True(t, isLost(term))
		require.ErrorIs(t, term.Write(t.Context(), shard, setting("2")), lease.ErrFenced)
		next := hold(t, b)
		assert.Greater(t, next.Epoch(), term.Epoch())
		assert.Equal(t, "1", db.values[shard+" cursor"])
		require.NoError(t, b.Close(t.Context()))
		require.NoError(t, a.Close(t.Context()))
	})
}

// Without the database a worker stops while nobody else can have the lease, and not before.
func TestAWorkerStopsAtHalfOfItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeDatabase()
		a := newTestWorker("a", db)
		term := hold(t, a)
		time.Sleep(testLength / renewals)
		synctest.Wait()
		db.turn(true)
		began := time.Now()
		<-term.Lost()
		stopped := time.Since(began)
		assert.GreaterOrEqual(t, stopped, testLength/2)
		assert.Less(t, stopped, testLength*3/4, "the rest is for calls that are under way")
		require.ErrorIs(t, term.Err(), errDown)
		assert.False(t, term.IsCertain())
		require.ErrorIs(t, term.Write(t.Context(), shard, setting("1")), lease.ErrFenced)
	})
}

// A database that comes back in time costs nothing.
func TestAShortOutageCostsNoTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeDatabase()
		a := newTestWorker("a", db)
		term := hold(t, a)
		for range 20 {
			db.turn(true)
			time.Sleep(testLength / 3)
			db.turn(false)
			time.Sleep(testLength / 3)
		}
		assert.False(t, isLost(term))
		require.NoError(t, a.Close(context.WithoutCancel(t.Context())))
		assert.True(t, isLost(term))
	})
}

// A worker that cannot reach the database loses its lease to another one within two leases, and can store nothing when
// it comes back.
func TestTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeDatabase()
		a, b := newTestWorker("a", db), newTestWorker("b", db)
		old := hold(t, a)
		db.cut(a, true)
		began := time.Now()
		var next *Term
		for next == nil {
			time.Sleep(b.Interval())
			next, _ = b.Hold(t.Context(), "receiver", shard, "scope")
		}
		assert.Less(t, time.Since(began), 2*testLength)
		assert.True(t, isLost(old), "the first has stopped before the second began")
		db.cut(a, false)
		require.NoError(t, next.Write(t.Context(), shard, setting("2")))
		assert.ErrorIs(t, db.Write(t.Context(), old.fence, shard, setting("1")), lease.ErrFenced)
		assert.Equal(t, "2", db.values[shard+" cursor"])
		require.NoError(t, old.Release(t.Context()))
		assert.False(t, isLost(next), "what is over gives nothing back")
		require.NoError(t, b.Close(t.Context()))
		require.NoError(t, a.Close(t.Context()))
	})
}

// A worker that was frozen does not know that its time is over. The first answer tells it.
func TestAFrozenWorkerIsFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeDatabase()
		a, b := newTestWorker("a", db), newTestWorker("b", db)
		old := hold(t, a)
		old.cancel() // its timers do not run
		time.Sleep(2 * testLength)
		assert.False(t, old.IsCertain(), "its monotonic clock says that others may have the lease")
		next := hold(t, b)
		require.ErrorIs(t, old.Write(t.Context(), shard, setting("1")), lease.ErrFenced)
		assert.True(t, isLost(old))
		assert.Empty(t, db.values)
		require.NoError(t, b.Close(t.Context()))
		assert.True(t, isLost(next))
	})
}

// An epoch that a restored database counts again is greater than any that a worker has seen.
func TestEpochsDoNotGoBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeDatabase()
		a := newTestWorker("a", db)
		first := hold(t, a)
		require.NoError(t, first.Release(t.Context()))
		db.mu.Lock()
		db.shards = map[string]fakeShard{} // a backup is restored
		db.mu.Unlock()
		assert.Greater(t, hold(t, a).Epoch(), first.Epoch())
		require.NoError(t, a.Close(t.Context()))
	})
}
