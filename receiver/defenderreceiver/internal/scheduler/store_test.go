package scheduler

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// recordIn is what is stored.
func recordIn(t *testing.T, m *collector.Storage) quota.Record {
	t.Helper()
	data, _ := m.Get(t.Context(), "k")
	r, err := quota.Decode(data)
	require.NoError(t, err)
	return r
}

// changeIn rewrites what is stored.
func changeIn(t *testing.T, m *collector.Storage, edit func(*quota.Record)) {
	t.Helper()
	r := recordIn(t, m)
	edit(&r)
	data, err := r.Encode()
	require.NoError(t, err)
	require.NoError(t, m.Set(t.Context(), "k", data))
}

// half is the default quota's half.
func half() quota.Limits {
	return quota.Limits{
		Requests: []quota.Limit{{Window: time.Minute, Amount: 22}, {Window: time.Hour, Amount: 750}},
		CPU: []quota.Limit{
			{Window: 15 * time.Minute, Amount: 75}, {Window: time.Hour, Amount: 300}, {Window: 24 * time.Hour, Amount: 7200},
		},
	}
}

func remembering(store Store) Config {
	return Config{Receiver: "defender", Slots: 2, Limits: half(), Store: store, Key: "k"}
}

// spent is how much of a window is used.
func spent(s *Scheduler, resource string, length time.Duration) float64 {
	for _, use := range s.Snapshot().Windows {
		if use.Resource == resource && use.Limit.Window == length {
			return use.Spent
		}
	}
	return -1
}

func TestACleanRestartRemembersExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := collector.NewStorage()
		first, err := Join(t.Context(), remembering(store))
		require.NoError(t, err)
		for range 22 {
			query(t, first, Turn{Priority: 1}, time.Second)
			synctest.Wait() // a write that is due is made before the next query, however busy the machine is
		}
		require.NoError(t, first.Stop(t.Context()))
		writes, _ := store.Count()
		assert.Equal(t, 1+11+1, writes, "at the start, for every second query, at the end")
		time.Sleep(20 * time.Second)
		second, start := join(t, remembering(store)), time.Now()
		assert.InDelta(t, 22, spent(second, "requests", time.Minute), 0)
		assert.InDelta(t, 22, spent(second, "cpu", 24*time.Hour), 0.1)
		at := query(t, second, Turn{Priority: 1}, 0)
		assert.GreaterOrEqual(t, at.Sub(start), 40*time.Second, "the minute's requests are spent")
		assert.LessOrEqual(t, at.Sub(start), time.Minute)
	})
}

// After kill -9 at any moment, every request counts, and at most the reserve too much.
func TestAKillForgetsNoRequest(t *testing.T) {
	for requests := range 30 {
		synctest.Test(t, func(t *testing.T) {
			store := collector.NewStorage()
			first := join(t, remembering(store))
			for range requests {
				query(t, first, Turn{Priority: 1}, 100*time.Millisecond)
			}
			second := join(t, remembering(store.Snapshot()))
			counted := spent(second, "requests", time.Hour)
			assert.GreaterOrEqual(t, counted, float64(requests))
			assert.LessOrEqual(t, counted, float64(requests+5))
			assert.GreaterOrEqual(t, spent(second, "cpu", time.Hour)+1e-3, float64(requests)*0.1)
			assert.LessOrEqual(t, spent(second, "cpu", time.Hour), float64(requests)*0.1+2)
		})
	}
}

// No request is sent that the storage does not count.
func TestWithoutStorageNoQueryIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, reports := collector.NewStorage(), make(chan Snapshot, 10)
		cfg := remembering(store)
		cfg.Report = func(s Snapshot) { reports <- s }
		s, order := join(t, cfg), make(chan string, 20)
		synctest.Wait()
		store.Fail(errors.New("disk full"))
		for range 10 {
			ask(t.Context(), s, "sent", Turn{Priority: 1}, order)
		}
		time.Sleep(time.Minute)
		assert.Len(t, order, 5, "what was stored ahead")
		require.ErrorContains(t, (<-reports).StoreFailure, `store "k": disk full`)
		store.Fail(nil)
		time.Sleep(2 * time.Second)
		assert.Len(t, order, 10)
		assert.NoError(t, (<-reports).StoreFailure)
	})
}

func TestABlockSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := collector.NewStorage()
		first := join(t, remembering(store))
		first.Block(time.Now().Add(10*time.Minute), "CPU")
		synctest.Wait()
		time.Sleep(4 * time.Minute)
		second, start := join(t, remembering(store.Snapshot())), time.Now()
		assert.Equal(t, "CPU", second.Snapshot().BlockedBy)
		assert.Equal(t, 6*time.Minute, query(t, second, Turn{Priority: 1}, 0).Sub(start))
	})
}

func TestUnreadableRecordCountsAsAnHourSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, start := collector.NewStorage(), time.Now()
		require.NoError(t, store.Set(t.Context(), "k", []byte("{")))
		core, logs := observer.New(zap.WarnLevel)
		cfg := remembering(store)
		cfg.Logger = zap.New(core)
		s := join(t, cfg)
		assert.Equal(t, 1, logs.FilterMessageSnippet("cannot be read").Len())
		assert.Equal(t, time.Hour, query(t, s, Turn{Priority: 1}, 0).Sub(start))
	})
}

// The machine's clock is set while nothing runs. The service's own time tells how long that was.
func TestClockSetBetweenTwoLives(t *testing.T) {
	for name, set := range map[string]time.Duration{"not": 0, "back": -3 * time.Hour, "forward": 3 * time.Hour, "to 1970": -56 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := func() time.Time { return time.Now().Add(40 * time.Hour) }
				store := collector.NewStorage()
				first, err := Join(t.Context(), remembering(store))
				require.NoError(t, err)
				for range 20 {
					grant, err := first.Acquire(t.Context(), Turn{Priority: 1})
					require.NoError(t, err)
					grant.Release(service())
					grant.Charge(3 * time.Second)
				}
				require.NoError(t, first.Stop(t.Context()))
				// That the clock shows another time now is that the record was made at another one.
				changeIn(t, store, func(r *quota.Record) { r.At = r.At.Add(-set) })
				time.Sleep(10 * time.Minute)

				second, start := join(t, remembering(store)), time.Now()
				grant, err := second.Acquire(t.Context(), Turn{Priority: 1})
				require.NoError(t, err)
				assert.LessOrEqual(t, time.Since(start), time.Minute, "it is not blocked for long")
				order := make(chan string, 1)
				ask(t.Context(), second, "another", Turn{Priority: 1}, order)
				assert.Empty(t, order, "one at a time until the service's time is known")
				grant.Release(service())
				synctest.Wait()
				assert.Len(t, order, 1)
				grant.Charge(0)
				assert.InDelta(t, 60, spent(second, "cpu", 15*time.Minute), 1, "ten minutes ago is within a quarter hour")
				assert.InDelta(t, 22, spent(second, "requests", time.Hour), 0)
				time.Sleep(21 * time.Minute)
				assert.InDelta(t, 0, spent(second, "cpu", 15*time.Minute), 1, "and leaves it, at most a coarse slot too late")
			})
		})
	}
}

// Of what is under way as much is stored ahead as it is expected to cost, and not what the dearest query does.
func TestTheReserveIsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := collector.NewStorage()
		s := join(t, remembering(store))
		count, page := Turn{Table: "t", Kind: "count", Priority: 1}, Turn{Table: "t", Kind: "read", Priority: 1}
		query(t, s, count, 20*time.Second)
		query(t, s, page, 4*time.Second)
		grant, err := s.Acquire(t.Context(), page)
		require.NoError(t, err)
		for range 5 {
			query(t, s, page, 0)
		}
		synctest.Wait()
		reserve := recordIn(t, store).Reserve.CPU
		assert.GreaterOrEqual(t, reserve, 4*time.Second)
		assert.LessOrEqual(t, reserve, 2*5*time.Second+s.member.reserve.unstored, "two pages")
		grant.finish(0)
	})
}
