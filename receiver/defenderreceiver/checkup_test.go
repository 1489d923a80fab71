package defenderreceiver

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// requests is how many requests of the longest window the receiver's quota counts.
func (r *defenderReceiver) requests() (spent float64) {
	for _, use := range r.scheduler.Snapshot().Windows {
		if use.Resource == "requests" {
			spent = max(spent, use.Spent)
		}
	}
	return spent
}

// runForCheckup starts a receiver that polls once.
func (s *stage) runForCheckup(change func(*Config)) *defenderReceiver {
	s.t.Helper()
	cfg := s.config("DeviceLogonEvents")
	cfg.PollInterval, cfg.LateArrival.Audit.Interval = time.Hour, 0
	if change != nil {
		change(cfg)
	}
	s.start(cfg)
	return s.receivers[len(s.receivers)-1]
}

// A test of the running receiver is counted in its quota, each request of it.
func TestCheckupOfTheRunningReceiver(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(1, 3, epoch.Add(-time.Hour))
	r := s.runForCheckup(nil)
	before := r.requests()
	result, err := r.Test(t.Context())
	require.NoError(t, err)
	assert.Equal(t, r.set.ID.String(), result.Receiver)
	assert.Equal(t, 3, result.Queries, "the first one, the table, the devices")
	assert.GreaterOrEqual(t, r.requests()-before, float64(result.Queries))
	require.NotNil(t, result.RecentEvents)
	assert.EqualValues(t, 3, *result.RecentEvents)
	require.NotNil(t, result.Devices)
	assert.Zero(t, *result.Devices, "none was planted")
	assert.Equal(t, diagnosis.Warning, result.Severity, result.Text())
}

// A share that is used up ends the test, and is not passed over.
func TestCheckupWithinTheQuota(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	r := s.runForCheckup(func(c *Config) { c.Quota.RequestsPerHour, c.Quota.Share = 2, 1 })
	r.service.access.patience = 50 * time.Millisecond
	result, err := r.Test(t.Context())
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(result.Checks, func(c diagnosis.Check) bool { return c.Outcome == diagnosis.QuotaSpent }), result.Text())
	assert.Equal(t, diagnosis.Warning, result.Severity, result.Text())
	assert.LessOrEqual(t, r.requests(), 2.0)
}

// A 429 that a test meets holds the tables back too.
func TestCheckupThatIsThrottled(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	r := s.runForCheckup(func(c *Config) { c.InitialLookback = 0 })
	s.Sim.SetFaults(defendersim.Fault{Kind: "429", Rate: 1, Delay: 10 * time.Minute})
	r.service.access.patience = 3 * time.Second
	result, err := r.Test(t.Context())
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(result.Checks, func(c diagnosis.Check) bool { return c.Outcome == diagnosis.Throttled }), result.Text())
	assert.True(t, r.scheduler.Snapshot().BlockedUntil.After(time.Now()))
}

// One test runs at a time, and none of a receiver that does not run.
func TestCheckupsOneAtATime(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.config("DeviceLogonEvents")
	r := s.create(cfg)
	_, err := r.Test(t.Context())
	require.ErrorContains(t, err, "does not run")

	r = s.runForCheckup(nil)
	r.service.access.busy <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Test(ctx)
	require.ErrorIs(t, err, context.Canceled)
	<-r.service.access.busy
	require.NoError(t, r.Shutdown(context.Background()))
	_, err = r.Test(t.Context())
	require.ErrorContains(t, err, "does not run")
}

// Each enabled feed is asked for, with a remedy for each outcome, and no query is spent on it.
func TestCheckupOfFeeds(t *testing.T) {
	all := []string{defendersim.RoleGraph, defendersim.RoleAlerts, defendersim.RoleIncidents}
	for name, test := range map[string]struct {
		roles  []string
		before func(*stage)
		filter string
		alerts diagnosis.Outcome
		says   string
		whole  diagnosis.Severity
	}{
		"fine":               {all, func(s *stage) { s.putAlert("da1", time.Now().Add(-time.Hour), epoch) }, "", diagnosis.OK, "can be read", diagnosis.Fine},
		"empty":              {all, nil, "", diagnosis.Empty, "nothing was updated", diagnosis.Fine},
		"without an order":   {all, func(s *stage) { s.Sim.SetSecurityOrder(defendersim.OrderRefused) }, "", diagnosis.Empty, "order", diagnosis.Fine},
		"without permission": {all[:1], nil, "", diagnosis.NoPermission, "SecurityAlert.Read.All", diagnosis.Fatal},
		"one of them":        {[]string{defendersim.RoleGraph, defendersim.RoleIncidents}, nil, "", diagnosis.NoPermission, "SecurityAlert.Read.All", diagnosis.Warning},
		"a wrong filter":     {all, nil, "x is y", diagnosis.BadQuery, "feeds::alerts_v2::filter", diagnosis.Warning},
		"throttled":          {all, func(s *stage) { s.Sim.SetFaults(defendersim.Fault{Kind: "429", Rate: 1, Delay: 10 * time.Minute}) }, "", diagnosis.Throttled, "wait", diagnosis.Warning},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{Roles: test.roles})
			if test.before != nil {
				test.before(s)
			}
			cfg := s.feedConfig()
			cfg.Feeds.AlertsV2.Filter, cfg.Feeds.Incidents.Enabled = test.filter, true
			cfg.PollInterval, cfg.Feeds.AlertsV2.PollInterval = time.Minute, time.Minute
			set := s.create(cfg).set
			result, err := Test(t.Context(), set, cfg, s.Host())
			require.NoError(t, err)
			var feeds []diagnosis.Check
			for _, c := range result.Checks {
				if c.Name == "feed" {
					feeds = append(feeds, c)
				}
			}
			require.Len(t, feeds, 2, result.Text())
			assert.Equal(t, alertsFeed, feeds[0].Subject)
			assert.Equal(t, test.alerts, feeds[0].Outcome, result.Text())
			assert.Contains(t, feeds[0].Detail+" "+feeds[0].Remedy, test.says)
			assert.Equal(t, test.whole, result.Severity, result.Text())
			assert.Zero(t, result.Queries)
			assert.Zero(t, s.Sim.Report().Count("/v1.0/security/runHuntingQuery", ""))
		})
	}
}

// Secure Score is asked for its newest day, without what its list does not take.
func TestCheckupOfSecureScore(t *testing.T) {
	for role, want := range map[string]diagnosis.Outcome{defendersim.RoleScores: diagnosis.OK, defendersim.RoleAlerts: diagnosis.NoPermission} {
		s := newStage(t, defendersim.Options{Roles: []string{role}, Controls: 5})
		cfg := s.scoreConfig()
		cfg.Feeds.SecureScores.PollInterval, cfg.PollInterval = time.Hour, time.Minute
		result, err := Test(t.Context(), s.create(cfg).set, cfg, s.Host())
		require.NoError(t, err)
		i := slices.IndexFunc(result.Checks, func(c diagnosis.Check) bool { return c.Name == "feed" })
		require.GreaterOrEqual(t, i, 0, result.Text())
		assert.Equal(t, []any{secureScores, want}, []any{result.Checks[i].Subject, result.Checks[i].Outcome}, result.Text())
		if want == diagnosis.NoPermission {
			assert.Contains(t, result.Checks[i].Remedy, "SecurityEvents.Read.All")
		}
		assert.Zero(t, s.Sim.Report().Count(scoresPath, "400"))
	}
}
