package failure

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// rest waits a verdict out in synthetic time, while others do what after says, and returns how long it took.
func rest(t *testing.T, v Verdict, backoff time.Duration, others func(g *Gate)) time.Duration {
	t.Helper()
	var took time.Duration
	synctest.Test(t, func(t *testing.T) {
		g, began := NewGate(), time.Now()
		var all sync.WaitGroup
		all.Go(func() { others(g) })
		assert.True(t, g.Rest(t.Context(), v, backoff, nil))
		took = time.Since(began)
		all.Wait()
	})
	return took
}

func TestRest(t *testing.T) {
	outage := Verdict{Cause: Passing, Pause: ReasonFailures, Wait: 5 * time.Minute, Passes: true}
	query := Verdict{Cause: Query, Pause: ReasonFailures, Wait: time.Hour}
	secret := Verdict{Cause: Credentials, Pause: ReasonCredentials, Wait: time.Hour}
	after := func(wait time.Duration, do func(*Gate)) func(*Gate) {
		return func(g *Gate) {
			time.Sleep(wait)
			do(g)
		}
	}
	success, recovery := func(g *Gate) { g.Succeed(false) }, func(g *Gate) { g.Succeed(true) }
	for name, c := range map[string]struct {
		verdict Verdict
		others  func(*Gate)
		want    time.Duration
	}{
		"nothing happens":                {outage, func(*Gate) {}, 5 * time.Minute},
		"another table recovers":         {outage, after(10*time.Second, recovery), 10 * time.Second},
		"a healthy table is read":        {outage, after(10*time.Second, success), 40 * time.Second},
		"... after the backoff":          {outage, after(time.Minute, success), time.Minute},
		"a query is wrong all the same":  {query, after(time.Minute, recovery), time.Hour},
		"a new secret":                   {secret, after(time.Minute, (*Gate).CredentialsChanged), time.Minute},
		"a new secret is no remedy here": {query, after(time.Minute, (*Gate).CredentialsChanged), time.Hour},
		"another table is accepted again": {secret, after(time.Minute, func(g *Gate) {
			g.Deny(time.Now())
			time.Sleep(time.Second)
			g.Accept()
		}), time.Minute + time.Second},
	} {
		assert.Equal(t, c.want, rest(t, c.verdict, 40*time.Second, c.others), name)
	}
}

func TestRestEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.False(t, NewGate().Rest(ctx, Verdict{Wait: time.Hour}, 0, nil))
	})
}

// While the credentials are refused one loop tries once an hour, at once when they change, and all go on together.
func TestDeniedLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate()
		since := time.Now()
		time.Sleep(time.Second)
		assert.False(t, g.Accept())
		all, _ := g.Deny(since)
		assert.False(t, all, "another loop was accepted in between: only this one is meant")
		time.Sleep(time.Second)
		all, first := g.Deny(time.Now())
		assert.True(t, all && first)
		_, first = g.Deny(time.Now())
		assert.False(t, first, "told once")

		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		tries := 0
		for range 9 {
			go func() {
				for g.Wait(ctx, nil) {
					mu.Lock()
					tries++
					mu.Unlock()
					time.Sleep(time.Minute) // then it waits again
				}
			}()
		}
		count := func() int {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return tries
		}
		time.Sleep(3*time.Hour + time.Minute)
		assert.Equal(t, 3, count(), "one try an hour")
		g.CredentialsChanged()
		assert.Equal(t, 4, count(), "one at once")
		g.Accept()
		time.Sleep(2 * time.Minute)
		assert.GreaterOrEqual(t, count(), 4+9, "all go on")
		cancel()
		time.Sleep(2 * time.Minute)
	})
}

// A poll that is wanted now ends a rest, and is a try while the credentials are refused.
func TestPollThatIsWantedNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, wanted, began := NewGate(), make(chan struct{}, 1), time.Now()
		go func() {
			time.Sleep(time.Minute)
			wanted <- struct{}{}
		}()
		assert.True(t, g.Rest(t.Context(), Verdict{Wait: time.Hour}, 0, wanted))
		assert.Equal(t, time.Minute, time.Since(began))

		g.Deny(time.Now())
		wanted <- struct{}{}
		assert.True(t, g.Wait(t.Context(), wanted))
		assert.Equal(t, time.Minute, time.Since(began))
		assert.True(t, g.Wait(t.Context(), wanted))
		assert.Equal(t, time.Hour+time.Minute, time.Since(began), "the next try comes an hour later")
	})
}
