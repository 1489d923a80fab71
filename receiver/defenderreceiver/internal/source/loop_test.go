package source

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// scripted is a source whose polls end as a test says.
type scripted struct {
	poll    func(n int) (again bool, err error)
	polls   []time.Duration // when each began, since the test did
	began   time.Time
	adapts  bool
	inData  bool
	doubts  []failure.Doubt
	success int
}

func (s *scripted) Poll(context.Context) (bool, error) {
	s.polls = append(s.polls, time.Since(s.began).Round(time.Second))
	return s.poll(len(s.polls))
}

func (*scripted) Furthest() time.Time          { return time.Time{} }
func (*scripted) Situation() failure.Situation { return failure.Situation{} }
func (s *scripted) Adapt(error) bool           { return s.adapts }
func (*scripted) Advise(err error) error       { return err }
func (s *scripted) Succeeded()                 { s.success++ }

func (s *scripted) AskForLess(_ context.Context, doubt failure.Doubt, _ error) bool {
	s.doubts = append(s.doubts, doubt)
	return s.inData
}

// stage is a loop and what it is seen to do.
type stage struct {
	*Loop
	source *scripted
	logs   *observer.ObservedLogs
	told   int // that others may go on
}

// play runs a loop of a source for a while, in synthetic time, and then lets check look.
func play(t *testing.T, length time.Duration, source *scripted, check func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		line, err := scheduler.Join(t.Context(), scheduler.Config{Slots: 1, Limits: quota.Limits{}})
		require.NoError(t, err)
		defer func() { assert.NoError(t, line.Stop(context.Background())) }()
		core, logs := observer.New(zap.InfoLevel)
		registry := health.NewRegistry()
		b := backoff.NewExponentialBackOff()
		b.InitialInterval, b.MaxInterval, b.RandomizationFactor = time.Second, 8*time.Second, 0
		b.Reset()
		source.began = time.Now()
		s := &stage{source: source, logs: logs, Loop: NewLoop(source, Settings{
			PauseAfter: 3, PageRows: 10, Cadence: paging.NewCadence(10*time.Minute, 1), Backoff: b, Gate: failure.NewGate(),
			Scheduler: line, Registry: registry, Health: registry.Add("A", "A", false), Logger: zap.New(core),
		})}
		s.Polled = func() { s.told++ }
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		s.Run(ctx)
		check(s)
	})
}

func outage() error { return &hunting.Error{Kind: hunting.Transient, Status: 503} }

func TestLoopOfASourceThatIsUpToDate(t *testing.T) {
	source := &scripted{poll: func(n int) (bool, error) { return n < 3, nil }}
	play(t, time.Hour, source, func(s *stage) {
		assert.Equal(t, []time.Duration{0, 0, 0}, source.polls[:3], "what is left is read at once")
		assert.InDelta(t, 10*time.Minute, source.polls[3], float64(2*time.Minute))
		assert.Equal(t, len(source.polls), source.success)
		assert.Equal(t, source.success, s.told)
		assert.Equal(t, health.Running, s.Health.View().State)
	})
}

func TestLoopOfASourceThatFails(t *testing.T) {
	source := &scripted{poll: func(n int) (bool, error) {
		if n <= 4 {
			return false, outage()
		}
		return false, nil
	}}
	play(t, 20*time.Minute, source, func(s *stage) {
		assert.Equal(t, []time.Duration{0, time.Second, 3 * time.Second}, source.polls[:3], "backoff")
		assert.Equal(t, 5*time.Minute+3*time.Second, source.polls[3], "the third failure in a row pauses it")
		assert.Equal(t, 1, s.logs.FilterMessageSnippet("paused after consecutive failures").Len(), "told once")
		assert.Equal(t, 1, s.logs.FilterMessage("The table is read again.").Len())
		assert.Equal(t, health.Running, s.Health.View().State)
		assert.GreaterOrEqual(t, s.told, 1, "nobody waits for a source that is paused")
	})
}

// What the service refuses and can be done without is left out, and no failure.
func TestSourceThatAdapts(t *testing.T) {
	source := &scripted{adapts: true, poll: func(n int) (bool, error) {
		if n == 1 {
			return false, &hunting.Error{Kind: hunting.UnknownColumn, Name: "X"}
		}
		return false, nil
	}}
	play(t, time.Minute, source, func(s *stage) {
		assert.Equal(t, []time.Duration{0, 0}, source.polls)
		assert.Empty(t, s.logs.All())
	})
}

// A source that narrows down what breaks its answers comes further, so it does not pause.
func TestSourceThatNarrowsDownBrokenData(t *testing.T) {
	source := &scripted{inData: true, poll: func(int) (bool, error) { return false, &hunting.Error{Kind: hunting.Interrupted} }}
	play(t, time.Minute, source, func(s *stage) {
		assert.Greater(t, len(source.polls), 6)
		assert.Contains(t, source.doubts, failure.DoubtData)
		assert.Equal(t, health.BackingOff, s.Health.View().State)
	})
}

// The tenant's limit holds all tables back: the scheduler makes them wait, and the loop does not.
func TestThrottledSourceBlocksTheTenant(t *testing.T) {
	source := &scripted{}
	source.poll = func(n int) (bool, error) {
		if n == 1 {
			return false, &hunting.Error{Kind: hunting.RateLimited, Status: 429}
		}
		return false, nil
	}
	play(t, 30*time.Second, source, func(s *stage) {
		assert.False(t, s.Scheduler.Snapshot().BlockedUntil.IsZero())
		assert.Len(t, source.polls, 2)
	})
}

// Refused credentials close the gate of all; one try an hour is left.
func TestRefusedCredentialsCloseTheGate(t *testing.T) {
	source := &scripted{poll: func(int) (bool, error) { return false, &entra.Error{Kind: entra.BadCredentials} }}
	play(t, 3*time.Hour, source, func(s *stage) {
		assert.LessOrEqual(t, len(source.polls), 6)
		assert.True(t, s.IsDenied())
		assert.Equal(t, failure.ReasonCredentials, s.Health.View().Reason)
		assert.Equal(t, 1, s.logs.FilterMessageSnippet("All tables are paused").Len())
		s.Accepted()
		assert.Equal(t, 1, s.logs.FilterMessageSnippet("The credentials are accepted").Len())
		assert.NotEqual(t, failure.ReasonCredentials, s.Health.View().Reason)
	})
}

// A pause by a user holds the loop back, and nobody waits for the source.
func TestLoopObeysTheUser(t *testing.T) {
	source := &scripted{poll: func(int) (bool, error) { return false, errors.New("never") }}
	synctest.Test(t, func(t *testing.T) {
		registry := health.NewRegistry()
		l := NewLoop(source, Settings{
			Gate: failure.NewGate(), Registry: registry, Health: registry.Add("A", "A", false), Logger: zap.NewNop(),
		})
		told := 0
		l.Polled = func() { told++ }
		l.Health.Commands.Pause()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		l.Run(ctx)
		assert.Empty(t, source.polls)
		assert.Equal(t, 1, told)
	})
}
