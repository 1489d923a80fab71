package health

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// A pause by a user shows, is no trouble, and lasts whatever else happens to the source.
func TestPauseByAUser(t *testing.T) {
	r := NewRegistry()
	s := r.Add("A", "A", false)
	s.Pause()
	s.Pause()
	s.Succeed(time.Now().Add(time.Hour))
	v := s.View()
	assert.Equal(t, []any{Paused, failure.ReasonUser}, []any{v.State, v.Reason})
	assert.Zero(t, v.NextPoll)
	assert.Empty(t, r.Status(), "somebody wants it")
	s.Resume()
	s.Resume()
	assert.Equal(t, Running, s.View().State)

	s.Fail(refusal(404), Paused, failure.ReasonNotInPlan, 1, time.Now())
	s.Pause()
	assert.Equal(t, failure.ReasonUser, s.View().Reason)
	s.Resume()
	assert.Equal(t, failure.ReasonNotInPlan, s.View().Reason)
}

func TestLoopWaitsForTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewRegistry().Add("A", "A", false)
		assert.True(t, s.Await(t.Context()))
		s.Pause()
		assert.True(t, s.Halted())
		began := time.Now()
		go func() {
			time.Sleep(time.Hour)
			s.Test()
			time.Sleep(time.Hour)
			s.Resume()
		}()
		assert.True(t, s.Await(t.Context()))
		assert.Equal(t, 2*time.Hour, time.Since(began), "a test does not end it")

		s.Pause()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		assert.False(t, s.Await(ctx))
	})
}

func TestPollThatIsWantedNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewRegistry().Add("A", "A", false)
		slept := func() time.Duration {
			began := time.Now()
			assert.True(t, s.Sleep(t.Context(), time.Hour))
			return time.Since(began)
		}
		assert.Equal(t, time.Hour, slept())
		go func() {
			time.Sleep(time.Minute)
			s.Test()
		}()
		assert.Equal(t, time.Minute, slept())
		s.Test()
		s.Test()
		assert.Zero(t, slept(), "it was wanted during the poll")
		assert.Equal(t, time.Hour, slept(), "and is polled once")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		assert.False(t, s.Sleep(ctx, time.Hour))
	})
}
