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
