package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

const huntingPath = "/v1.0/security/runHuntingQuery"

// A 429 that does not say for how long blocks all tables for a minute, or, if it is of CPU, until the
// service's next quarter hour.
func TestThrottleWithoutRetryAfter(t *testing.T) {
	for kind, until := range map[defendersim.FaultKind]time.Duration{
		defendersim.FaultBareThrottle: 7*time.Minute + time.Minute,
		defendersim.FaultCPU:          15 * time.Minute,
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			s.inFakeTime(time.Second, func(b *fakeTime) {
				cfg := b.config(logons, "DeviceEvents", "DeviceFileEvents")
				cfg.PauseAfterFailures, cfg.PollInterval = 1, 10*time.Second
				for name, table := range cfg.Tables {
					table.PollInterval = 10 * time.Second
					cfg.Tables[name] = table
				}
				_, stop := b.start(cfg)
				defer stop()
				time.Sleep(time.Until(epoch.Add(7 * time.Minute)))
				b.Plant(0, 5, b.Now())
				b.Sim.FailNext(1, defendersim.Fault{Kind: kind})
				time.Sleep(time.Until(epoch.Add(20 * time.Minute)))
				first, resumed := time.Time{}, time.Time{}
				for _, at := range b.Sent() {
					switch {
					case at.Before(epoch.Add(7 * time.Minute)):
					case first.IsZero():
						first = at
					case at.Before(first.Add(5 * time.Second)): // was under way
					case resumed.IsZero():
						resumed = at
					}
				}
				if kind == defendersim.FaultBareThrottle {
					assert.WithinDuration(t, first.Add(time.Minute), resumed, 3*time.Second)
				} else {
					assert.WithinDuration(t, epoch.Add(until), resumed, 3*time.Second)
					assert.False(t, resumed.Before(epoch.Add(until)), "not before the quarter hour has turned")
				}
				assert.EqualValues(t, 1, b.Sim.Report().Count(huntingPath, "fault "+string(kind)))
				for _, name := range []string{logons, "DeviceEvents", "DeviceFileEvents"} {
					assert.False(t, b.paused(name), "a 429 is no failure")
				}
				b.Exactly(5)
			})
		})
	}
}

// A query that is sent again after a 401 counts twice.
func TestEveryRequestCounts(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		b.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultUnauthorized, Rate: 0.3})
		cfg := b.config(logons, "DeviceEvents", "DeviceInfo", "Alerts")
		r, stop := b.start(cfg)
		defer stop()
		time.Sleep(59 * time.Minute)
		requests := 0.0
		for _, use := range r.scheduler.Snapshot().Windows {
			if use.Resource == "requests" && use.Limit.Window == time.Hour {
				requests = use.Spent
			}
		}
		assert.InDelta(t, b.Sim.Report().Count(huntingPath, ""), requests, 0)
		assert.Greater(t, b.Sim.Report().Count(huntingPath, "fault 401"), int64(10))
	})
}

func TestARestartRemembersWhatWasSpent(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		cfg := b.config(logons, "DeviceEvents")
		cfg.Quota.RequestsPerMinute, cfg.Quota.RequestsPerHour = 1000, 60
		for range 4 {
			_, stop := b.start(cfg)
			time.Sleep(10 * time.Minute)
			stop()
			time.Sleep(2 * time.Minute)
		}
		assert.LessOrEqual(t, len(b.Sent()), 30, "of half an hour's 60 requests")
		assert.Greater(t, len(b.Sent()), 20)
	})
}

// While the credentials are not accepted all tables are paused, one of them tries once an hour, and all
// go on when that succeeds.
func TestCredentialsPauseTheWholeReceiver(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	names := []string{logons, "DeviceEvents", "DeviceFileEvents"}
	s.inFakeTime(time.Second, func(b *fakeTime) {
		_, stop := b.start(b.config(names...))
		defer stop()
		time.Sleep(10 * time.Minute)
		b.Sim.SetRoles()
		b.Sim.RevokeTokens()
		time.Sleep(10 * time.Minute)
		for _, name := range names {
			assert.True(t, b.paused(name), name)
		}
		require.True(t, b.Status.Has("ThreatHunting.Read.All"), "it says what helps")
		require.True(t, b.Status.Has("one of them tries once an hour"), "it says how to resume")
		before := len(b.Sent())
		time.Sleep(5 * time.Hour)
		assert.Len(t, b.Sent(), before+5, "one try an hour, by one table")
		b.Sim.SetRoles(defendersim.RoleGraph)
		b.Sim.RevokeTokens()
		b.Plant(0, 5, b.Now())
		time.Sleep(70 * time.Minute)
		for _, name := range names {
			assert.False(t, b.paused(name), name)
		}
		b.Exactly(5)
		require.True(t, b.Status.OK())
	})
}

// A table that the plan lacks is looked at once a day, and keeps no other from being read.
func TestTableThatThePlanLacksIsLookedAtDaily(t *testing.T) {
	s := newStage(t, defendersim.Options{WithoutTables: []string{"DeviceEvents"}})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		_, stop := b.start(b.hourly(logons, "DeviceEvents"))
		defer stop()
		b.Plant(0, 5, b.Now())
		time.Sleep(71 * time.Hour)
		assert.EqualValues(t, 3, b.Sim.Report().Count(huntingPath, "400 query"), "%v", b.Sim.Report())
		assert.True(t, b.paused("DeviceEvents"))
		assert.False(t, b.paused(logons))
		b.Exactly(5)
		require.NoError(t, b.Sim.SetWithoutTables())
		time.Sleep(2 * time.Hour)
		assert.False(t, b.paused("DeviceEvents"))
	})
}
