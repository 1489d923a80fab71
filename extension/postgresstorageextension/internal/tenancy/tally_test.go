package tenancy

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// Each term is counted once, by the first reason why its component had to stop.
func TestEndsOfTerms(t *testing.T) {
	for want, end := range map[End]func(t *testing.T, db *fakeDatabase, w *Worker, term *Term){
		GivenBack: func(t *testing.T, _ *fakeDatabase, _ *Worker, term *Term) {
			t.Helper()
			require.NoError(t, term.Release(t.Context()))
		},
		Yielded: func(t *testing.T, _ *fakeDatabase, _ *Worker, term *Term) {
			t.Helper()
			term.Yield()
			require.NoError(t, term.Release(t.Context()))
		},
		NotRenewed: func(_ *testing.T, db *fakeDatabase, _ *Worker, term *Term) {
			db.turn(true)
			<-term.Lost()
			db.turn(false)
		},
		Fenced: func(t *testing.T, db *fakeDatabase, _ *Worker, term *Term) {
			t.Helper()
			term.cancel() // its timers do not run
			time.Sleep(2 * testLength)
			require.NoError(t, newTestWorker("b", db).takeOver(t.Context()))
			require.ErrorIs(t, term.Write(t.Context(), shard, setting("1")), lease.ErrFenced)
		},
	} {
		t.Run(string(want), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := newFakeDatabase()
				w := newTestWorker("a", db)
				term := hold(t, w)
				assert.Equal(t, map[string]int64{"receiver": 1}, w.Counts().Began)
				assert.Empty(t, w.Counts().Ended)
				end(t, db, w, term)
				require.NoError(t, w.Close(t.Context()))
				assert.Equal(t, map[Ending]int64{{"receiver", want}: 1}, w.Counts().Ended)
			})
		})
	}
}

// takeOver holds a lease for no longer than it takes.
func (w *Worker) takeOver(ctx context.Context) error {
	term, err := w.Hold(ctx, "receiver", shard, "scope")
	if err != nil {
		return err
	}
	return term.Release(ctx)
}

// The age of the last renewal stays below a quarter of a lease and a bit, and grows while the database is away.
func TestLastRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeDatabase()
		w := newTestWorker("a", db)
		age := func() time.Duration {
			synctest.Wait()
			return time.Since(w.Counts().Renewed)
		}
		db.turn(true)
		ctx, cancel := context.WithCancel(t.Context())
		w.Run(ctx)
		time.Sleep(testLength)
		assert.Equal(t, testLength, age(), "since the start")
		assert.Equal(t, map[string]bool{"worker/a": false}, w.Asked())
		db.turn(false)
		time.Sleep(testLength)
		for range 20 {
			time.Sleep(testLength / 7)
			assert.LessOrEqual(t, age(), testLength/renewals)
		}
		assert.Equal(t, map[string]bool{"worker/a": true}, w.Asked())
		before := age()
		db.turn(true)
		time.Sleep(testLength)
		assert.Equal(t, before+testLength, age())
		assert.Equal(t, map[string]bool{"worker/a": false}, w.Asked())
		assert.Equal(t, map[Ending]int64{{Sessions, NotRenewed}: 1}, w.Counts().Ended)
		cancel()
		_ = w.Close(t.Context())
	})
}

// What is asked for is known before it is held, and after it is lost.
func TestAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeDatabase()
		a, b := newTestWorker("a", db), newTestWorker("b", db)
		term := hold(t, a)
		_, err := b.Hold(t.Context(), "receiver", shard, "scope")
		require.Error(t, err)
		assert.Equal(t, map[string]bool{"worker/a": false, shard: true}, a.Asked())
		assert.Equal(t, map[string]bool{"worker/b": false, shard: false}, b.Asked())
		term.Yield()
		assert.True(t, a.Asked()[shard], "it is held until it is given back")
		require.NoError(t, term.Release(t.Context()))
		assert.False(t, a.Asked()[shard])
		hold(t, b)
		assert.True(t, b.Asked()[shard])
		part, err := b.Own(t.Context(), "exporter/otlp/logs", false)
		require.NoError(t, err)
		assert.True(t, b.Asked()["exporter/otlp/logs"])
		part.cancel() // frozen
		time.Sleep(testLength)
		assert.False(t, b.Asked()["exporter/otlp/logs"], "another worker may have it")
		require.NoError(t, b.Close(t.Context()))
	})
}
