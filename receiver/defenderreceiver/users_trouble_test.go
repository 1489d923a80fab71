package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// Without the permission the table pauses alone and at once, says what is missing, is looked at once an
// hour, and nobody waits for it.
func TestUsersWithoutPermission(t *testing.T) {
	s := newStage(t, defendersim.Options{Roles: []string{defendersim.RoleGraph}})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		b.Plant(0, 5, b.Now().Add(-time.Hour/2))
		b.putUsers(3)
		_, stop := b.start(b.config(logons, usersTable))
		defer stop()
		time.Sleep(15 * time.Second)
		b.Exactly(5)
		assert.True(t, b.paused(usersTable))
		assert.False(t, b.paused(logons))
		assert.True(t, b.Status.Has("grant the app registration the application permission User.Read.All"))
		time.Sleep(3 * time.Hour)
		assert.EqualValues(t, 4, b.Sim.Report().Count(usersPath, ""), "once an hour")
		b.Sim.SetRoles(defendersim.RoleGraph, defendersim.RoleUsers)
		b.Sim.RevokeTokens()
		time.Sleep(time.Hour)
		b.Exactly(8)
		assert.False(t, b.paused(usersTable))
		assert.True(t, b.Status.OK())
	})
}

// Graph's directory throttles by its own rules: only its table waits, as long as it is told to.
func TestUsersThrottled(t *testing.T) {
	for kind, waits := range map[defendersim.FaultKind]time.Duration{
		defendersim.FaultTooManyRequests: 5 * time.Minute, defendersim.FaultBareThrottle: time.Minute,
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			s.inFakeTime(time.Second, func(b *fakeTime) {
				b.putUsers(3)
				b.Sim.FailNext(1, defendersim.Fault{Kind: kind, Delay: 5 * time.Minute, Table: usersTable})
				cfg := b.config(logons, usersTable)
				cfg.PollInterval = time.Minute
				_, stop := b.start(cfg)
				defer stop()
				time.Sleep(35 * time.Second) // the events have waited for the directory
				b.Plant(0, 5, b.Now())
				before := b.Sim.Report().Table(logons).Queries
				time.Sleep(waits - 45*time.Second)
				assert.Empty(t, b.users())
				if kind == defendersim.FaultTooManyRequests {
					assert.Greater(t, b.Sim.Report().Table(logons).Queries, before+2, "the events do not wait")
					b.Exactly(5)
				}
				time.Sleep(15 * time.Second)
				assert.Len(t, b.users(), 3)
				assert.False(t, b.paused(usersTable), "a 429 is no failure")
				assert.EqualValues(t, 1, b.Sim.Report().Throttled)
				assert.Zero(t, b.Sim.Report().RetriedTooEarly)
			})
		})
	}
}

// Whatever goes wrong with the users, also with what looks like the credentials, no other table stops.
func TestUsersTroubleStopsNoOtherTable(t *testing.T) {
	for _, kind := range []defendersim.FaultKind{defendersim.FaultUnauthorized, defendersim.FaultServerError, defendersim.FaultTruncate} {
		t.Run(string(kind), func(t *testing.T) {
			s := newStage(t, defendersim.Options{Faults: []defendersim.Fault{{Kind: kind, Rate: 1, Table: usersTable}}})
			s.inFakeTime(time.Second, func(b *fakeTime) {
				b.putUsers(3)
				// A table that is read seldom, so that no success of its own tells that the credentials are good.
				cfg := b.config("DeviceEvents", usersTable)
				cfg.PollInterval = 20 * time.Minute
				_, stop := b.start(cfg)
				defer stop()
				time.Sleep(30 * time.Minute)
				assert.True(t, b.paused(usersTable))
				assert.False(t, b.paused("DeviceEvents"))
				before := b.Sim.Report().Table("DeviceEvents").Queries
				time.Sleep(2 * time.Hour)
				assert.Greater(t, b.Sim.Report().Table("DeviceEvents").Queries, before+3)
				b.Sim.SetFaults()
				time.Sleep(time.Hour + time.Minute)
				assert.Len(t, b.users(), 3)
				assert.False(t, b.paused(usersTable))
			})
		})
	}
}

// Users that are read do not say that hunting is allowed.
func TestUsersDoNotResumeOtherTables(t *testing.T) {
	s := newStage(t, defendersim.Options{Roles: []string{defendersim.RoleUsers}})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		b.putUsers(3)
		_, stop := b.start(b.config(logons, "DeviceEvents", usersTable))
		defer stop()
		time.Sleep(10 * time.Minute)
		assert.Len(t, b.users(), 3)
		assert.True(t, b.paused(logons))
		assert.False(t, b.paused(usersTable))
		before := b.Sim.Report().Count(huntingPath, "403 missing role")
		time.Sleep(5 * time.Hour)
		assert.Equal(t, before+5, b.Sim.Report().Count(huntingPath, "403 missing role"), "one try an hour")
		assert.True(t, b.paused(logons))
	})
}

// Everybody comes again once a day, after who was removed since the last poll.
func TestUsersComeAgainOnceADay(t *testing.T) {
	s := newStage(t, defendersim.Options{UserPage: 2})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		b.putUsers(5)
		_, stop := b.start(b.config(usersTable))
		defer stop()
		time.Sleep(23 * time.Hour)
		b.Exactly(5)
		require.NoError(t, b.Sim.RemoveUser(person(0)["id"].(string), true))
		time.Sleep(2*time.Hour + time.Minute)
		require.Equal(t, 10, b.Sink.Count())
		assert.Equal(t, true, b.Sink.Records()[5].Body()["removed"])
		time.Sleep(21 * time.Hour)
		require.Equal(t, 10, b.Sink.Count())
		time.Sleep(4 * time.Hour)
		require.Equal(t, 14, b.Sink.Count())
	})
}

// Each page is a request of the quota, and costs none of hunting's CPU.
func TestUsersCountInTheQuota(t *testing.T) {
	s := newStage(t, defendersim.Options{UserPage: 1})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		b.putUsers(60)
		cfg := b.config(usersTable)
		r, stop := b.start(cfg)
		defer stop()
		time.Sleep(58 * time.Second)
		assert.InDelta(t, 21, b.Sim.Report().Count(usersPath, ""), 1, "half of 45 a minute")
		time.Sleep(3 * time.Minute)
		assert.Len(t, b.users(), 60)
		for _, use := range r.scheduler.Snapshot().Windows {
			if use.Resource != "requests" {
				assert.Zero(t, use.Spent, use.Resource)
			}
		}
	})
}
