package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	api "github.com/otelcol-defender/otelcol-defender/internal/control"
)

// shownResolver is a resolver that a user can stop.
type shownResolver struct {
	status api.ResolverStatus
	fails  error // of the next commands
}

func newShownResolver(id string) *shownResolver {
	last := time.Now().Add(-20 * time.Second)
	return &shownResolver{status: api.ResolverStatus{
		ID: id, Mode: "dry_run", Pending: 12, Decisions: map[string]int64{"would_resolve": 3, "left_alone": 1}, LastPass: &last,
	}}
}

func (r *shownResolver) Status() api.ResolverStatus { return r.status }

func (r *shownResolver) Stop(context.Context) error {
	r.status.Stopped = true
	return r.fails
}

func (r *shownResolver) Resume(context.Context) error {
	r.status.Stopped = false
	return r.fails
}

func TestStatusOfResolvers(t *testing.T) {
	r := newShownResolver("alert_resolver")
	at := serve(t, r)
	output, status := run(t, "status", "--url", at)
	assert.Zero(t, status)
	assert.Regexp(t, `alert_resolver +running +dry_run +12 +\d+s ago +1 left_alone, 3 would_resolve\n`, output)

	r.status.LastError = "the app registration lacks a permission"
	output, status = run(t, "status", "--url", at)
	assert.Equal(t, exitFound, status)
	assert.Contains(t, output, "trouble alert_resolver: the app registration lacks a permission\n")

	r.status = api.ResolverStatus{ID: "alert_resolver", Mode: "enabled", Stopped: true, LastError: "x"}
	output, status = run(t, "status", "--url", at)
	assert.Zero(t, status, "a user wants it so")
	assert.Regexp(t, `alert_resolver +stopped +enabled +0 +- +-\n`, output)
}

func TestResolverStopAndResume(t *testing.T) {
	one := newShownResolver("alert_resolver")
	at := serve(t, one)
	output, status := run(t, "resolver", "stop", "--url", at)
	assert.Zero(t, status)
	assert.Equal(t, "alert_resolver: stopped (dry_run)\n", output)
	assert.True(t, one.status.Stopped)
	output, status = run(t, "resolver", "resume", "--url", at)
	assert.Zero(t, status)
	assert.Equal(t, "alert_resolver: running (dry_run)\n", output)
	assert.False(t, one.status.Stopped)

	assert.Contains(t, failure(t, "resolver", "stop", "--url", at, "other"), "no such resolver")
	assert.Contains(t, failure(t, "resolver", "--url", at), "unknown flag")
	assert.Contains(t, failure(t, "resolver"), "resolver stop")
	assert.Contains(t, failure(t, "resolver", "sleep"), "unknown command")
	output, status = run(t, "__complete", "resolver", "")
	assert.Zero(t, status)
	assert.Contains(t, output, "resume\t")
	assert.Contains(t, output, "stop\t")
	assert.Contains(t, failure(t, "resolver", "stop", "--url", serve(t)), "no alert_resolver runs")
}

// A stop without a name is of all, whatever becomes of one. What goes on is named.
func TestResolversOfOneCollector(t *testing.T) {
	one, two, three := newShownResolver("alert_resolver"), newShownResolver("alert_resolver/second"), newShownResolver("alert_resolver/third")
	at := serve(t, one, two, three)
	one.fails = api.ErrNotKept
	text := failure(t, "resolver", "stop", "--url", at)
	assert.Contains(t, text, "stop alert_resolver: it is in effect, but could not be stored")
	stopped := func() []bool { return []bool{one.status.Stopped, two.status.Stopped, three.status.Stopped} }
	assert.Equal(t, []bool{true, true, true}, stopped())

	assert.Contains(t, failure(t, "resolver", "resume", "--url", at), "alert_resolver or alert_resolver/second or alert_resolver/third")
	assert.Equal(t, []bool{true, true, true}, stopped())
	output, status := run(t, "resolver", "resume", "--url", at, "alert_resolver/second", "alert_resolver/third")
	require.Zero(t, status)
	assert.Equal(t, "alert_resolver/second: running (dry_run)\nalert_resolver/third: running (dry_run)\n", output)
	assert.Equal(t, []bool{true, false, false}, stopped())
}
