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
	s.Commands.Pause()
	s.Commands.Pause()
	s.Succeed(time.Now().Add(time.Hour))
	v := s.View()
	assert.Equal(t, []any{Paused, failure.ReasonUser}, []any{v.State, v.Reason})
	assert.Zero(t, v.NextPoll)
	assert.Empty(t, r.Status(), "somebody wants it")
	s.Commands.Resume()
	s.Commands.Resume()
	assert.Equal(t, Running, s.View().State)

	s.Fail(refusal(404), Paused, failure.ReasonNotInPlan, 1, time.Now())
	s.Commands.Pause()
	assert.Equal(t, failure.ReasonUser, s.View().Reason)
	s.Commands.Resume()
	assert.Equal(t, failure.ReasonNotInPlan, s.View().Reason)
}

func TestLoopWaitsForTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewRegistry().Add("A", "A", false)
		assert.True(t, s.Commands.Await(t.Context()))
		s.Commands.Pause()
		assert.True(t, s.Commands.Halted())
		began := time.Now()
		go func() {
			time.Sleep(time.Hour)
			s.Commands.Poll()
			time.Sleep(time.Hour)
			s.Commands.Resume()
		}()
		assert.True(t, s.Commands.Await(t.Context()))
		assert.Equal(t, 2*time.Hour, time.Since(began), "a test does not end it")

		s.Commands.Pause()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		assert.False(t, s.Commands.Await(ctx))
	})
}

func TestPollThatIsWantedNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewRegistry().Add("A", "A", false)
		slept := func() time.Duration {
			began := time.Now()
			assert.True(t, s.Commands.Sleep(t.Context(), time.Hour))
			return time.Since(began)
		}
		assert.Equal(t, time.Hour, slept())
		go func() {
			time.Sleep(time.Minute)
			s.Commands.Poll()
		}()
		assert.Equal(t, time.Minute, slept())
		s.Commands.Poll()
		s.Commands.Poll()
		assert.Zero(t, slept(), "it was wanted during the poll")
		assert.Equal(t, time.Hour, slept(), "and is polled once")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		assert.False(t, s.Commands.Sleep(ctx, time.Hour))
	})
}
