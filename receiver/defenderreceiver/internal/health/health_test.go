package health

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// host keeps what was reported.
type host struct {
	component.Host
	registry *Registry
	events   []*componentstatus.Event
}

// Report also asks for a view, which would hang if a status were reported under a lock.
func (h *host) Report(event *componentstatus.Event) {
	h.registry.Views()
	h.registry.Note("reported", "yes")
	h.registry.Note("reported", "")
	h.events = append(h.events, event)
}

// observed runs a registry whose reports are kept.
func observed(t *testing.T) (*Registry, *host) {
	t.Helper()
	r := NewRegistry()
	h := &host{Host: componenttest.NewNopHost(), registry: r}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx, h)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return r, h
}

func refusal(status int) error {
	return &hunting.Error{Kind: hunting.Transient, Status: status, RequestID: time.Now().String()}
}

// A health check measures its patience from the last status, so that failures which go on must not renew it.
func TestStatusIsReportedWhenTroubleBeginsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := observed(t)
		one, two := r.Add("DeviceEvents", "DeviceEvents", false), r.Add("Alerts", "Alerts", false)
		for range 20 {
			one.Succeed(time.Now())
			two.Succeed(time.Now())
			synctest.Wait()
		}
		require.Empty(t, h.events, "there is nothing to tell")
		assert.True(t, one.Fail(refusal(503), BackingOff, failure.None, 1, time.Now()), "news")
		synctest.Wait()
		require.Len(t, h.events, 1)
		assert.Equal(t, componentstatus.StatusRecoverableError, h.events[0].Status())
		for n := range 20 {
			time.Sleep(time.Second)
			assert.False(t, one.Fail(refusal(503), BackingOff, failure.None, n, time.Now()), "no news")
			assert.False(t, two.Fail(refusal(503), BackingOff, failure.None, n, time.Now()), "one cause is one message")
			two.Hold(errors.New("refused"))
			two.Hold(nil)
			r.Note("audit", time.Now().String())
			synctest.Wait()
		}
		require.Len(t, h.events, 1)
		two.Fail(refusal(503), Paused, failure.ReasonFailures, 5, time.Now())
		assert.Regexp(t, `(?m)^DeviceEvents: .*503`, h.events[0].Err().Error(), "the text is that of now")
		assert.Regexp(t, `(?m)^Alerts: .*503`, h.events[0].Err().Error())

		_, shared := one.Succeed(time.Now())
		assert.False(t, shared, "the other one is paused, which is another message")
		synctest.Wait()
		require.Len(t, h.events, 1, "one still has trouble")
		ended, _ := two.Succeed(time.Now())
		require.ErrorContains(t, ended.Err, "503")
		synctest.Wait()
		require.Len(t, h.events, 2)
		assert.Equal(t, componentstatus.StatusOK, h.events[1].Status())
		_, noted := h.events[1].Attributes().Get("audit")
		assert.True(t, noted)
	})
}

func TestSourcesThatFailAlikeAreNamedTogether(t *testing.T) {
	r := NewRegistry()
	for _, name := range []string{"DeviceEvents", "Alerts", "DeviceInfo"} {
		r.Add(name, name, false).Fail(refusal(502), BackingOff, failure.None, 1, time.Now())
	}
	r.Add("Users", "Users", true).Fail(errors.New("x"), BackingOff, failure.None, 1, time.Now())
	text := r.Status()
	assert.Contains(t, text, "Alerts, DeviceEvents, DeviceInfo: the hunting API")
	assert.Contains(t, text, "Users: x")
}

// Tables that fail for the first time while others are paused for the same cause bring no news.
func TestACauseThatOthersArePausedForIsNoNews(t *testing.T) {
	r := NewRegistry()
	directory, events := r.Add("DeviceInfo", "DeviceInfo", false), r.Add("Alerts", "Alerts", false)
	assert.True(t, directory.Fail(refusal(503), BackingOff, failure.None, 1, time.Now()))
	assert.True(t, directory.Fail(refusal(503), Paused, failure.ReasonFailures, 3, time.Now()))
	assert.False(t, events.Fail(refusal(503), BackingOff, failure.None, 1, time.Now()))
	assert.False(t, events.Fail(refusal(503), Paused, failure.ReasonFailures, 3, time.Now()))
	assert.True(t, events.Fail(refusal(500), BackingOff, failure.None, 1, time.Now()), "another cause")
}

// Of tables that fail at the same time one brings news.
func TestTroubleAtTheSameTimeIsNewsOnce(t *testing.T) {
	for range 20 {
		r := NewRegistry()
		var news atomic.Int32
		var failing sync.WaitGroup
		begin := make(chan struct{})
		for n := range 400 {
			s := r.Add(strconv.Itoa(n), strconv.Itoa(n), false)
			failing.Go(func() {
				<-begin
				if s.Fail(refusal(503), BackingOff, failure.None, 1, time.Now()) {
					news.Add(1)
				}
			})
		}
		close(begin)
		failing.Wait()
		require.EqualValues(t, 1, news.Load())
	}
}

// Refused credentials pause all sources at once, and are told once.
func TestPauseAll(t *testing.T) {
	r := NewRegistry()
	one, two, apart := r.Add("A", "A", false), r.Add("B", "B", false), r.Add("Users", "Users", true)
	secret := &entra.Error{Kind: entra.BadCredentials, Advice: "the client secret is wrong"}
	one.Fail(secret, BackingOff, failure.None, 4, time.Now())
	two.Fail(refusal(404), Paused, failure.ReasonNotInPlan, 1, time.Now())
	r.PauseAll(failure.ReasonCredentials, secret)
	assert.Equal(t, failure.ReasonCredentials, one.View().Reason)
	assert.Equal(t, failure.ReasonNotInPlan, two.View().Reason, "what is paused for another reason stays so")
	assert.Equal(t, Running, apart.View().State)
	assert.NotContains(t, r.Status(), "A: ", "told once, for all")
	assert.Contains(t, r.Status(), "credentials: ")
	r.PauseAll(failure.None, nil)
	assert.Equal(t, BackingOff, one.View().State)
	one.Succeed(time.Now())
	assert.NotContains(t, r.Status(), "secret")
}

// One 429 is normal; several in a row without an answer are told.
func TestThrottlingThatGoesOnIsTrouble(t *testing.T) {
	r := NewRegistry()
	limit := errors.New("429")
	assert.True(t, r.Throttle(limit))
	assert.Empty(t, r.Status())
	assert.False(t, r.Throttle(limit))
	assert.Contains(t, r.Status(), "throttled: 429")
	r.Answered()
	assert.Empty(t, r.Status())
}

// What the pipeline refuses for the moment shows, and ends with the first row that it takes.
func TestHold(t *testing.T) {
	r := NewRegistry()
	one, two := r.Add("A", "A", false), r.Add("B", "B", false)
	assert.True(t, one.Hold(failure.ErrRefused))
	assert.False(t, two.Hold(failure.ErrRefused), "one cause is one message")
	assert.Equal(t, Refused, one.View().State)
	one.Hold(nil)
	assert.Equal(t, Running, one.View().State)
	one.Fail(refusal(500), BackingOff, failure.None, 1, time.Now())
	one.Hold(nil)
	assert.Equal(t, BackingOff, one.View().State, "a delivery does not end a failure of the service")
}

func TestHistory(t *testing.T) {
	now := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	h := History{Oldest: now.Add(-10 * time.Hour), Live: now, Reached: now.Add(-4 * time.Hour), Since: now.Add(-6 * time.Hour), Reading: true, Began: now}
	assert.InDelta(t, 0.5, h.Ratio(now.Add(-5*time.Hour)), 1e-9)
	assert.Equal(t, now.Add(2*time.Hour), h.Ends(0.5, now.Add(time.Hour)))
	assert.Zero(t, h.Ends(0, now.Add(time.Hour)))
}

// What a loop says of its source is what is seen of it.
func TestView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry()
		s := r.Add("A/backfill", "A", false)
		began, until := time.Now(), time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
		s.Progress(until)
		s.Read(5)
		s.Read(-2)
		s.Deliver(2, 1)
		s.SetUnreadable(4)
		s.SetInterval(time.Minute)
		s.SetHistory(History{Done: true})
		time.Sleep(time.Hour)
		s.Progress(until)
		v := s.View()
		assert.Equal(t, View{
			Name: "A/backfill", Table: "A", Condition: Condition{State: Running}, Work: Work{
				CompleteUntil: until, Progressed: began, Unreadable: 4, Interval: time.Minute,
				Rows: Rows{Read: 3, Delivered: 2, Refused: 1}, History: History{Done: true},
			},
		}, v, "a time that does not move is no progress")
		assert.Equal(t, []View{v}, r.Views())

		s.Note("audit", "all is well")
		assert.Equal(t, map[string]string{"audit.A/backfill": "all is well"}, r.board.noted())
		s.Report("audit", errors.New("2 rows are missing"))
		assert.Equal(t, "audit.A/backfill: 2 rows are missing", r.Status())
		assert.Equal(t, Running, s.View().State, "it is read all the same")
		s.Report("audit", nil)
		assert.Empty(t, r.Status())
	})
}

// Rows are held of a source; what has no source holds the whole receiver.
func TestHoldByName(t *testing.T) {
	r := NewRegistry()
	s := r.Add("A", "A", false)
	r.Hold("A", failure.ErrRefused)
	assert.Equal(t, Refused, s.View().State)
	r.Hold("A", nil)
	r.Hold("dead letters", errors.New("disk full"))
	assert.Equal(t, Running, s.View().State)
	assert.Equal(t, "dead letters: disk full", r.Status())
}

func TestWhatIsCountedForTheControlPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry()
		s := r.Add("A", "A", false)
		s.Deliver(3, 1)
		time.Sleep(time.Minute)
		s.Deliver(4, 0)
		rows := s.RowsPerMinute()
		assert.Equal(t, []int{3, 4}, rows[len(rows)-2:])
		r.DeadLetters.Count("A", true)
		r.DeadLetters.Count("A", true)
		r.DeadLetters.Count("A", false)
		assert.Equal(t, Letters{Written: 2, Failed: 1}, r.DeadLetters.Of("A"))
		assert.Zero(t, r.DeadLetters.Of("B"))
		next := time.Now().Add(time.Hour)
		s.Succeed(next)
		assert.Equal(t, next, s.View().NextPoll)
		r.PauseAll(failure.ReasonCredentials, errors.New("x"))
		assert.Zero(t, s.View().NextPoll, "one of all tries, and it is not known which")
	})
}
