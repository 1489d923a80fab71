package defenderreceiver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// showing is an extension that shows the receiver.
type showing struct {
	component.StartFunc
	component.ShutdownFunc
	receiver control.Receiver
}

func (h *showing) Register(r control.Receiver) func() {
	h.receiver = r
	return func() { h.receiver = nil }
}

func (*showing) RegisterProcessor(control.Processor) func() { return func() {} }

// show runs a receiver until the returned function ends it, with what the control extension has of it.
func (b *fakeTime) show(cfg *Config) (receiver control.Receiver, stop func()) {
	b.t.Helper()
	r := b.create(cfg)
	r.now = b.Now
	h := &showing{}
	require.NoError(b.t, r.Start(b.t.Context(), b.Host().With(component.MustNewID("defender_control"), h)))
	require.NotNil(b.t, h.receiver)
	return h.receiver, func() {
		// Nothing is polled in this moment. A request that is cut off would leave a connection open, which keeps the
		// synthetic time from ending.
		time.Sleep(7300 * time.Millisecond)
		assert.NoError(b.t, r.Shutdown(context.Background()))
		assert.Nil(b.t, h.receiver, "what has ended is not shown")
	}
}

// shown is a table's status.
func shown(t *testing.T, r control.Receiver, name string) control.Table {
	t.Helper()
	for _, table := range r.Status().Tables {
		if table.Name == name {
			return table
		}
	}
	t.Fatalf("%s is not shown", name)
	return control.Table{}
}

func TestStatus(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(0, func(b *fakeTime) {
		cfg := b.config(logons, "DeviceInfo")
		b.Plant(0, 5, b.Now().Add(-10*time.Minute))
		r, stop := b.show(cfg)
		defer stop()
		time.Sleep(30 * time.Minute)
		status := r.Status()
		assert.True(t, strings.HasPrefix(status.ID, "defender/"), status.ID)
		assert.Equal(t, control.Running, status.State)
		assert.Empty(t, status.Troubles)
		assert.Len(t, status.Tables, len(declaredTables())+len(declaredFeeds())+1, "all that can be read")
		assert.Equal(t, logons, status.Tables[0].Name, "in the order in which they are declared")
		assert.Len(t, status.Quota.Windows, 5)
		assert.InDelta(t, 0.5, status.Quota.Share, 0)
		assert.Equal(t, control.Disabled, shown(t, r, "Users").State)

		logon := shown(t, r, logons)
		assert.Equal(t, []any{"table", "live", control.Running, 5}, []any{logon.Kind, logon.Lane, logon.State, logon.RowsDelivered})
		assert.InDelta(t, (5 * time.Minute).Seconds(), logon.Interval, 0)
		require.NotNil(t, logon.CompleteUntil)
		assert.InDelta(t, b.Now().Sub(*logon.CompleteUntil).Seconds(), *logon.LagSeconds, 1)
		assert.True(t, logon.LastPoll.Before(*logon.NextPoll))
		require.NotNil(t, logon.Audit)
		assert.Nil(t, logon.Backfill)
		assert.Equal(t, 5, sumOf(logon.RowsPerMinute))
		assert.Equal(t, 5, sumOf(logon.RowsPerMinute[:60-29]), "half an hour ago")

		directory := shown(t, r, "DeviceInfo")
		assert.Equal(t, "directory", directory.Kind)
		assert.Nil(t, directory.Audit)

		time.Sleep(time.Hour)
		logon = shown(t, r, logons)
		assert.Equal(t, 0, sumOf(logon.RowsPerMinute))
		require.NotNil(t, logon.Audit.Last)
		assert.Equal(t, 5, logon.Audit.Matched)
	})
}

func sumOf(numbers []int) (sum int) {
	for _, n := range numbers {
		sum += n
	}
	return sum
}

// A user's pause is of all lanes of a table, and lasts until a user ends it: not only until a restart, be it a crash.
func TestPauseOverARestart(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(0, func(b *fakeTime) {
		cfg := b.config(logons, "DeviceEvents")
		cfg.Backfill.Window = 24 * time.Hour
		r, stop := b.show(cfg)
		time.Sleep(10 * time.Minute)
		require.NoError(t, r.Pause(t.Context(), logons))
		paused := shown(t, r, logons)
		assert.Equal(t, []any{control.Paused, control.ReasonUser}, []any{paused.State, paused.Reason})
		assert.Equal(t, control.Paused, paused.Backfill.State)
		assert.Nil(t, paused.NextPoll)
		assert.Equal(t, control.Running, r.Status().State, "the other table goes on")
		crashed := b.Storage.Snapshot()
		stop()
		b.Storage = crashed

		r, stop = b.show(cfg)
		b.Plant(0, 5, b.Now())
		time.Sleep(time.Hour)
		paused = shown(t, r, logons)
		assert.Equal(t, []any{control.Paused, control.ReasonUser, 0}, []any{paused.State, paused.Reason, paused.RowsDelivered})
		require.NoError(t, r.Resume(t.Context(), logons))
		time.Sleep(10 * time.Second)
		b.Exactly(5)
		assert.Equal(t, control.Running, shown(t, r, logons).State)
		stop()

		r, stop = b.show(cfg)
		defer stop()
		assert.Equal(t, control.Running, shown(t, r, logons).State, "nor does its end come back")
	})
}

func TestResumeAll(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(0, func(b *fakeTime) {
		r, stop := b.show(b.config(logons, "DeviceEvents"))
		defer stop()
		time.Sleep(10 * time.Minute)
		require.NoError(t, r.Pause(t.Context(), logons))
		require.NoError(t, r.Pause(t.Context(), "DeviceEvents"))
		assert.Equal(t, []any{control.Paused, control.ReasonUser}, []any{r.Status().State, r.Status().Reason})
		require.NoError(t, r.ResumeAll(t.Context()))
		assert.Equal(t, control.Running, r.Status().State)
		assert.Equal(t, control.Running, shown(t, r, logons).State)
	})
}

func TestCommandsThatCannotBe(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(0, func(b *fakeTime) {
		r, stop := b.show(b.config(logons))
		defer stop()
		time.Sleep(10 * time.Minute)
		require.ErrorIs(t, r.Pause(t.Context(), "NoSuchTable"), control.ErrNoTable)
		require.ErrorIs(t, r.Resume(t.Context(), "DeviceEvents"), control.ErrNoTable, "it is disabled")

		full := errors.New("disk full")
		b.Storage.Fail(full)
		err := r.Pause(t.Context(), logons)
		require.ErrorIs(t, err, control.ErrNotKept)
		require.ErrorIs(t, err, full)
		assert.Equal(t, control.Paused, shown(t, r, logons).State, "a pause is in effect all the same")
		b.Storage.Fail(nil)
		require.NoError(t, r.Resume(t.Context(), logons))
	})
}

// What fails shows, with its reason and what can be done.
func TestStatusOfTrouble(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(0, func(b *fakeTime) {
		cfg := b.config(logons, "DeviceEvents", "DeviceFileEvents")
		cfg.DeadLetter.Directory = t.TempDir()
		require.NoError(t, b.Sim.SetWithoutTables("DeviceEvents"))
		r, stop := b.show(cfg)
		defer stop()
		time.Sleep(10 * time.Minute)
		assert.Equal(t, "not_in_plan", shown(t, r, "DeviceEvents").Reason)
		assert.Contains(t, shown(t, r, "DeviceEvents").LastError, "DeviceEvents")
		assert.Len(t, r.Status().Troubles, 1)
		assert.Equal(t, []any{control.Running, ""}, []any{r.Status().State, r.Status().Reason})

		b.Sink.Refuse(func(logs plog.Logs) error {
			if logs.LogRecordCount() > 1 || report(logs) == 3 {
				return consumererror.NewPermanent(errors.New("too large"))
			}
			return nil
		})
		b.Plant(0, 5, b.Now())
		time.Sleep(10 * time.Minute)
		logon := shown(t, r, logons)
		assert.Equal(t, []any{4, 1}, []any{logon.RowsDelivered, logon.RowsRefused})
		assert.Equal(t, control.DeadLetters{Written: 1}, logon.DeadLetters)

		b.Sink.Refuse(func(plog.Logs) error { return errors.New("the destination is down") })
		b.Plant(5, 5, b.Now())
		time.Sleep(10 * time.Minute)
		assert.Equal(t, control.Refused, shown(t, r, logons).State)
		assert.Contains(t, shown(t, r, logons).LastError, "the destination is down")
		b.Sink.Refuse(nil)

		b.Sim.SetClientSecret("another")
		b.Sim.RevokeTokens()
		time.Sleep(3 * time.Hour)
		status := r.Status()
		assert.Equal(t, []any{control.Paused, "credentials"}, []any{status.State, shown(t, r, logons).Reason})
		b.Sim.SetClientSecret(defendersim.DefaultClientSecret)
		require.NoError(t, r.Resume(t.Context(), logons))
		time.Sleep(time.Minute)
		assert.Equal(t, control.Running, shown(t, r, "DeviceFileEvents").State, "one that is accepted lets all go on")
	})
}

// report is the number of the first row of a call.
func report(logs plog.Logs) int64 {
	value, _ := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Map().Get("ReportId")
	return value.Int()
}

// History is a part of its table, whose figures are of both lanes.
func TestStatusOfHistory(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(0, func(b *fakeTime) {
		cfg := b.config(logons)
		cfg.Backfill.Window = 24 * time.Hour
		r, stop := b.show(cfg)
		defer stop()
		time.Sleep(10 * time.Minute)
		logon := shown(t, r, logons)
		require.NotNil(t, logon.Backfill)
		assert.Len(t, r.Status().Tables, len(declaredTables())+len(declaredFeeds())+1, "history is no table of its own")

		lanes := r.(*controlled).lanes
		past := lanes[slices.IndexFunc(lanes, func(l *lane) bool { return l.history })]
		past.health.Deliver(5, 1)
		past.health.SetHistory(health.History{
			Oldest: b.Now().Add(-24 * time.Hour), Live: b.Now(), Reached: b.Now().Add(-12 * time.Hour), Began: b.Now().Add(-time.Hour),
		})
		logon = shown(t, r, logons)
		assert.Equal(t, []any{5, 5, 1, 5}, []any{logon.Backfill.RowsDelivered, logon.RowsDelivered, logon.RowsRefused, sumOf(logon.RowsPerMinute)})
		assert.InDelta(t, 0.5, logon.Backfill.Progress, 0.01)
		require.NotNil(t, logon.Backfill.Ends)
		assert.InDelta(t, time.Hour.Seconds(), logon.Backfill.Ends.Sub(b.Now()).Seconds(), 60)
	})
}

func TestStateOf(t *testing.T) {
	waiting := func(table string, forQuota bool) scheduler.Snapshot {
		return scheduler.Snapshot{Waiting: []scheduler.Waiting{{Turn: scheduler.Turn{Table: table}, ForQuota: forQuota}}}
	}
	for name, c := range map[string]struct {
		state    health.State
		snapshot scheduler.Snapshot
		want     control.State
	}{
		"runs":                    {health.Running, scheduler.Snapshot{}, control.Running},
		"waits for the quota":     {health.Running, waiting("A", true), control.WaitingQuota},
		"waits for a slot":        {health.Running, waiting("A", false), control.Running},
		"another one waits":       {health.Running, waiting("A/backfill", true), control.Running},
		"paused while it waits":   {health.Paused, waiting("A", true), control.Paused},
		"failed, and waits again": {health.BackingOff, waiting("A", true), control.BackingOff},
	} {
		assert.Equal(t, c.want, stateOf(health.View{Name: "A", Condition: health.Condition{State: c.state}}, c.snapshot), name)
	}
}
