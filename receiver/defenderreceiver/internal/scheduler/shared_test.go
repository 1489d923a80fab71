package scheduler

import (
	"context"
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

// memberOf is a receiver of the tenant that is the test.
func memberOf(t *testing.T, name string, perMinute float64) Config {
	t.Helper()
	return Config{
		Tenant: t.Name(), Receiver: name, Slots: 2,
		Limits: quota.Limits{Requests: []quota.Limit{{Window: time.Minute, Amount: perMinute}}},
	}
}

func TestReceiversOfATenantShareItsQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.WarnLevel)
		cfg := memberOf(t, "defender/b", 4)
		cfg.Logger = zap.New(core)
		a, b := join(t, memberOf(t, "defender/a", 10)), join(t, cfg)
		assert.Equal(t, 1, logs.FilterMessageSnippet("the smaller of each figure counts").Len())
		stranger := memberOf(t, "defender/c", 4)
		stranger.Tenant += " another"
		c := join(t, stranger)
		start := time.Now()
		for range 2 {
			query(t, a, Turn{Priority: 1}, 0)
			time.Sleep(time.Second)
			query(t, b, Turn{Priority: 1}, 0)
			time.Sleep(time.Second)
		}
		order := make(chan string, 3)
		ask(t.Context(), a, "a", Turn{Priority: 2, Due: start}, order)
		ask(t.Context(), b, "b", Turn{Priority: 1, Due: start}, order)
		ask(t.Context(), c, "c", Turn{Priority: 1, Due: start}, order)
		assert.Equal(t, "c", <-order, "another tenant has a quota of its own")
		assert.Equal(t, "b", <-order, "one line for both: priority 1 first")
		assert.Equal(t, time.Minute, time.Since(start))
		assert.Equal(t, "a", <-order)
		assert.Equal(t, time.Minute+time.Second, time.Since(start))
	})
}

func TestReceiversOfATenantAreBlockedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := join(t, memberOf(t, "defender/a", 10)), join(t, memberOf(t, "defender/b", 10))
		start := time.Now()
		a.Block(start.Add(time.Minute), "rate")
		assert.Equal(t, time.Minute, query(t, b, Turn{Priority: 1}, 0).Sub(start))
	})
}

// What a receiver has spent that has gone is still spent, and the limits are the others' then.
func TestLeavingATenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := join(t, memberOf(t, "defender/a", 10))
		b, err := Join(t.Context(), memberOf(t, "defender/b", 4))
		require.NoError(t, err)
		for range 3 {
			query(t, b, Turn{Priority: 1}, 0)
		}
		require.NoError(t, b.Stop(context.Background()))
		assert.InDelta(t, 3, spent(a, "requests", time.Minute), 0)
		start := time.Now()
		for range 7 {
			query(t, a, Turn{Priority: 1}, 0)
		}
		assert.Zero(t, time.Since(start))
		query(t, a, Turn{Priority: 1}, 0)
		assert.Equal(t, time.Minute, time.Since(start).Truncate(time.Minute))
	})
	assert.Empty(t, tenants.byName, "nothing is left of tenants without receivers")
}

// Whichever receiver comes last, and however often, the smallest figures count.
func TestTheSmallestFiguresCountForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := join(t, memberOf(t, "defender/a", 4))
		for range 20 {
			b, err := Join(t.Context(), memberOf(t, "defender/b", 10))
			require.NoError(t, err)
			c, err := Join(t.Context(), memberOf(t, "defender/c", 7))
			require.NoError(t, err)
			assert.InDelta(t, 4, c.Snapshot().Windows[0].Limit.Amount, 0)
			require.NoError(t, c.Stop(t.Context()))
			assert.InDelta(t, 4, b.Snapshot().Windows[0].Limit.Amount, 0)
			require.NoError(t, b.Stop(t.Context()))
		}
		assert.InDelta(t, 4, a.Snapshot().Windows[0].Limit.Amount, 0)
	})
}

// A receiver that comes back while the tenant has gone on running is known better than its storage tells.
func TestComingBackToATenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := collector.NewStorage()
		cfg := memberOf(t, "defender/b", 40)
		cfg.Store, cfg.Key = store, "k"
		a := join(t, memberOf(t, "defender/a", 40))
		b, err := Join(t.Context(), cfg)
		require.NoError(t, err)
		query(t, b, Turn{Priority: 1}, 0)
		synctest.Wait()
		store.Fail(errors.New("disk full"))
		query(t, b, Turn{Priority: 1}, 0)
		require.ErrorContains(t, b.Stop(context.Background()), "disk full")
		store.Fail(nil)
		join(t, cfg)
		assert.InDelta(t, 2, spent(a, "requests", time.Minute), 0, "without the reserve")
	})
}

// A query that is sent a second time is a second request, and needs no second slot.
func TestTheSecondRequestOfAQueryCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := memberOf(t, "defender", 2)
		cfg.Slots = 1
		s, start := join(t, cfg), time.Now()
		grant, err := s.Acquire(t.Context(), Turn{})
		require.NoError(t, err)
		require.NoError(t, s.AcquireAgain(t.Context()))
		assert.InDelta(t, 2, spent(s, "requests", time.Minute), 0)
		require.NoError(t, s.AcquireAgain(t.Context()))
		assert.Equal(t, time.Minute, time.Since(start))
		grant.finish(0)
	})
}
