package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

type anyToken struct{}

func (anyToken) Token(context.Context) (string, error) { return "token", nil }
func (anyToken) Invalidate(string)                     {}
func (anyToken) Challenge(string, string)              {}

// lane is a client whose requests are answered by a server of the test.
type lane struct {
	*Client
	line     *scheduler.Scheduler
	logs     *observer.ObservedLogs
	outcomes []string
	accepted int
}

func newLane(t *testing.T, costsCPU bool, status int) *lane {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `{"value":[{"id":"u1"}],"@odata.deltaLink":"http://`+r.Host+`/v1.0/users/delta?$deltatoken=x"}`)
			return
		}
		fmt.Fprint(w, `{"schema":[],"results":[{"DeviceId":"d1"},{"DeviceId":"d2"}]}`)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)
	endpoint, err := url.Parse(server.URL)
	require.NoError(t, err)
	line, err := scheduler.Join(t.Context(), scheduler.Config{Slots: 1, Limits: quota.Limits{
		Requests: []quota.Limit{{Window: time.Hour, Amount: 100}}, CPU: []quota.Limit{{Window: time.Hour, Amount: 100}},
	}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, line.Stop(context.Background())) })
	core, logs := observer.New(zap.DebugLevel)
	l := &lane{line: line, logs: logs}
	l.Client = New(hunting.NewClient(hunting.Config{Endpoint: endpoint, Client: server.Client(), Tokens: anyToken{}, Now: time.Now}), line, Settings{
		Lane: "DeviceEvents", Priority: 1, CostsCPU: costsCPU, Behind: func() time.Duration { return 0 },
		Answered: func(_ context.Context, _ time.Duration, err error) { l.outcomes = append(l.outcomes, Outcome(err)) },
		Accepted: func() { l.accepted++ }, Now: time.Now, Logger: zap.New(core),
	})
	return l
}

// spent is what of the quota is spent of a resource.
func (l *lane) spent(resource string) float64 {
	for _, use := range l.line.Snapshot().Windows {
		if use.Resource == resource {
			return use.Spent
		}
	}
	return 0
}

// readAll reads an answer to its end and closes it.
func readAll(t *testing.T, rows *hunting.Rows) {
	t.Helper()
	for body := pcommon.NewMap(); ; {
		more, err := rows.Next(body)
		require.NoError(t, err)
		if !more {
			break
		}
	}
	rows.Close()
}

var page = query.Page{From: time.Unix(0, 0), To: time.Unix(3600, 0), Part: 1, Parts: 2}

// One request is charged, measured, and told in one line, when its answer is closed.
func TestRequest(t *testing.T) {
	l := newLane(t, true, http.StatusOK)
	rows, err := l.Query(t.Context(), Read, page, "DeviceEvents", nil)
	require.NoError(t, err)
	assert.Empty(t, l.logs.All(), "its rows are not counted yet")
	readAll(t, rows)
	assert.Equal(t, []string{"ok"}, l.outcomes)
	assert.Equal(t, 1, l.accepted)
	assert.InDelta(t, 1, l.spent("requests"), 0)
	assert.Positive(t, l.spent("cpu"))
	require.Len(t, l.logs.All(), 1)
	fields := l.logs.All()[0].ContextMap()
	assert.Equal(t, []any{"read", int64(2), "ok", int64(1), int64(2)},
		[]any{fields["kind"], fields["rows"], fields["outcome"], fields["part"], fields["parts"]})
	assert.Contains(t, fields, "from")
}

func TestRequestThatIsRefused(t *testing.T) {
	l := newLane(t, true, http.StatusServiceUnavailable)
	_, err := l.Query(t.Context(), Count, page, "DeviceEvents", nil)
	require.Error(t, err)
	assert.Equal(t, []string{hunting.Transient.String()}, l.outcomes)
	assert.Zero(t, l.accepted)
	assert.InDelta(t, 1, l.spent("requests"), 0, "it was sent all the same")
	require.Len(t, l.logs.All(), 1)
	assert.Contains(t, l.logs.All()[0].ContextMap(), "error")
}

// What Graph's directory costs is no part of hunting's CPU.
func TestUsersCostNoCPU(t *testing.T) {
	l := newLane(t, false, http.StatusOK)
	rows, err := l.Users(t.Context(), "")
	require.NoError(t, err)
	readAll(t, rows)
	assert.InDelta(t, 1, l.spent("requests"), 0)
	assert.Zero(t, l.spent("cpu"))
}

// A turn that was taken ahead is the next request's; one that no request uses is given back.
func TestTurnTakenAhead(t *testing.T) {
	l := newLane(t, true, http.StatusOK)
	taken := func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		grant, err := l.line.Acquire(ctx, scheduler.Turn{Table: "Alerts", Kind: "read"})
		if err == nil {
			grant.Cancel()
		}
		return err != nil
	}
	require.NoError(t, l.TakeTurn(t.Context(), Read))
	require.NoError(t, l.TakeTurn(t.Context(), Read), "it has one")
	assert.True(t, taken(), "the only slot")
	rows, err := l.Query(t.Context(), Read, page, "DeviceEvents", nil)
	require.NoError(t, err)
	readAll(t, rows)
	assert.False(t, taken())

	require.NoError(t, l.TakeTurn(t.Context(), Read))
	l.LeaveTurn()
	l.LeaveTurn()
	assert.False(t, taken())
}

func TestOutcome(t *testing.T) {
	for want, err := range map[string]error{
		"ok": nil, "no_token": fmt.Errorf("x: %w", &entra.Error{}), "error": errors.New("x"),
		hunting.TooLarge.String(): &hunting.Error{Kind: hunting.TooLarge},
	} {
		assert.Equal(t, want, Outcome(err))
		assert.Contains(t, Outcomes(), want)
	}
}
