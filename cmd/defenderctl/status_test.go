package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-defender/otelcol-defender/extension/defendercontrolextension"
	api "github.com/otelcol-defender/otelcol-defender/internal/control"
)

// shownReceiver is a receiver with one table, which a user can pause.
type shownReceiver struct {
	id    string
	table api.Table
}

func newShownReceiver(id string) *shownReceiver {
	lag := 150.0
	return &shownReceiver{id, api.Table{Name: "DeviceLogonEvents", State: api.Running, LagSeconds: &lag, Rows: api.Rows{RowsDelivered: 4711, RowsPerMinute: []int{3, 4}}}}
}

func (r *shownReceiver) Status() api.ReceiverStatus {
	tables := []api.Table{r.table, {Name: "Users", State: api.Disabled}}
	state, reason := api.Summarize(tables)
	return api.ReceiverStatus{ID: r.id, State: state, Reason: reason, Tables: tables, Quota: api.Quota{
		Windows: []api.Window{{Resource: "requests", Window: "1m", Ratio: 0.41}},
	}}
}

func (r *shownReceiver) Pause(_ context.Context, table string) error {
	if table != r.table.Name {
		return api.ErrNoTable
	}
	r.table.State, r.table.Reason = api.Paused, api.ReasonUser
	return nil
}

func (r *shownReceiver) Resume(context.Context, string) error {
	r.table.State, r.table.Reason = api.Running, ""
	return nil
}

func (r *shownReceiver) ResumeAll(ctx context.Context) error { return r.Resume(ctx, r.table.Name) }

// serve runs the extension with receivers and resolvers, and gives its address.
func serve(t *testing.T, shown ...any) string {
	t.Helper()
	factory := defendercontrolextension.NewFactory()
	for {
		listener := httptest.NewUnstartedServer(nil) // for a port that is free
		address := listener.Listener.Addr().String()
		listener.Close()
		cfg := factory.CreateDefaultConfig()
		require.NoError(t, confmap.NewFromStringMap(map[string]any{"endpoint": address}).Unmarshal(cfg))
		e, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
		require.NoError(t, err)
		if err := e.Start(t.Context(), componenttest.NewNopHost()); err != nil {
			require.ErrorContains(t, err, "in use", "another process has taken the port")
			continue
		}
		return register(t, e, address, shown)
	}
}

func register(t *testing.T, e extension.Extension, address string, shown []any) string {
	t.Helper()
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	for _, component := range shown {
		switch c := component.(type) {
		case api.Receiver:
			e.(api.Registrar).Register(c)
		case api.Resolver:
			e.(api.ResolverRegistrar).RegisterResolver(c)
		default:
			require.Failf(t, "nothing shows it", "%T", c)
		}
	}
	return "http://" + address
}

func TestStatus(t *testing.T) {
	r := newShownReceiver("defender")
	at := serve(t, r)
	output, status := run(t, "status", "--url", at)
	assert.Zero(t, status)
	assert.Contains(t, output, "defender: running")
	assert.Contains(t, output, "requests in 1m 41 %")
	assert.Regexp(t, `DeviceLogonEvents +running +2m30s +7 +4711`, output)
	assert.Contains(t, output, "not read: Users")

	output, status = run(t, "status", "--url", at, "--output", "json")
	assert.Zero(t, status)
	assert.Contains(t, output, `"rows_delivered": 4711`)

	r.table.State, r.table.Reason = api.Paused, "credentials"
	output, status = run(t, "status", "--url", at)
	assert.Equal(t, exitFound, status)
	assert.Contains(t, output, "paused (credentials)")
}

// The containers of a storage export have columns of their own, and no quota.
func TestStatusOfContainers(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	at := func(ago time.Duration) *time.Time { then := now.Add(-ago); return &then }
	lag := 130.0
	blobs := &api.Blobs{
		Container: "insights-logs-advancedhunting-deviceevents", Number: 168, BytesUnread: 4096, LastGrowth: at(time.Minute), LastList: at(2 * time.Minute),
		RowsRepeated: 31, LinesBroken: 2,
	}
	status := api.Status{Version: "1", Time: now, Receivers: []api.ReceiverStatus{
		{ID: "defender_storage", State: api.Running, Tables: []api.Table{
			{Name: "DeviceEvents", Kind: "container", State: api.Running, LagSeconds: &lag, Rows: api.Rows{RowsDelivered: 4711, RowsRefused: 5}, Blobs: blobs},
		}},
		{ID: "defender_storage/new", State: api.Running},
	}}
	assert.Equal(t, `defender_storage: running   (version 1, 2026-11-21T10:00:00Z)

CONTAINER OF  STATE    LAG    BLOBS  UNREAD  DELIVERED  REFUSED  REPEATED  BROKEN  LOST  LAST LIST  LAST GROWTH
DeviceEvents  running  2m10s  168    4096 B  4711       5        31        2       0 B   2m0s ago   1m0s ago

defender_storage/new: running   (version 1, 2026-11-21T10:00:00Z)

nothing is read: no table or container was found yet
`, statusText(status))
	assert.False(t, inTrouble(status.Receivers[0]))
	blobs.BytesLost = 1
	assert.True(t, inTrouble(status.Receivers[0]), "rows were lost")
}

func TestInTrouble(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		table api.Table
		want  bool
	}{
		"runs":             {api.Table{State: api.Running}, false},
		"waits":            {api.Table{State: api.WaitingQuota}, false},
		"a user's pause":   {api.Table{State: api.Paused, Reason: api.ReasonUser}, false},
		"disabled":         {api.Table{State: api.Disabled}, false},
		"backs off":        {api.Table{State: api.BackingOff}, true},
		"not in plan":      {api.Table{State: api.Paused, Reason: "not_in_plan"}, true},
		"the pipeline":     {api.Table{State: api.Refused}, true},
		"missing rows":     {api.Table{State: api.Running, Audit: &api.Audit{Missing: 1, Last: &now}}, true},
		"a complete audit": {api.Table{State: api.Running, Audit: &api.Audit{Matched: 5, Last: &now}}, false},
	} {
		assert.Equal(t, c.want, inTrouble(api.ReceiverStatus{Tables: []api.Table{c.table}}), name)
	}
	assert.True(t, inTrouble(api.ReceiverStatus{Troubles: []string{"x"}}))
}

func TestPauseAndResume(t *testing.T) {
	one := newShownReceiver("defender")
	at := serve(t, one)
	output, status := run(t, "pause", "--url", at, "DeviceLogonEvents")
	assert.Zero(t, status)
	assert.Equal(t, "defender DeviceLogonEvents: paused (user)\n", output)
	output, status = run(t, "resume", "--url", at)
	assert.Zero(t, status)
	assert.Equal(t, "defender DeviceLogonEvents: running\n", output)
	_, status = run(t, "pause", "--url", at, "NoSuchTable")
	assert.Equal(t, exitFailed, status)

	two := newShownReceiver("defender/second")
	at = serve(t, one, two)
	_, status = run(t, "pause", "--url", at, "DeviceLogonEvents")
	assert.Equal(t, exitFailed, status, "which one is not said")
	_, status = run(t, "pause", "--url", at, "--receiver", "defender/second", "DeviceLogonEvents")
	assert.Zero(t, status)
	assert.Equal(t, []api.State{api.Running, api.Paused}, []api.State{one.table.State, two.table.State})
}

// failure is the text of the error that a command ends with.
func failure(t *testing.T, args ...string) string {
	t.Helper()
	cmd := newCommand()
	cmd.SetOut(new(bytes.Buffer))
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	require.Error(t, err)
	return err.Error()
}

func TestWhoAsks(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization")+r.Header.Get("X-Proxy"))
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error": "say who you are"}`))
	}))
	defer server.Close()
	assert.Contains(t, failure(t, "status", "--url", server.URL), "DEFENDERCTL_USER")
	t.Setenv("DEFENDERCTL_USER", "jane")
	t.Setenv("DEFENDERCTL_PASSWORD", secret)
	failure(t, "status", "--url", server.URL, "--header", "X-Proxy: a b")
	t.Setenv("DEFENDERCTL_TOKEN", secret)
	failure(t, "status", "--url", server.URL)
	assert.Equal(t, []string{"", "Basic amFuZTpwYTU1LXcwcmQtMDgxNQ==a b", "Bearer " + secret}, got)
	text := failure(t, "status", "--url", "http://collector.example.com:13134")
	assert.Contains(t, text, "use https")
	assert.NotContains(t, text, secret)
}

func TestWhatDoesNotAnswer(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "status") {
			_, _ = w.Write([]byte("<html>hello</html>"))
			return
		}
		http.Redirect(w, r, "https://evil.example", http.StatusFound)
	}))
	defer other.Close()
	assert.Contains(t, failure(t, "status", "--url", other.URL), "does not answer as the extension defender_control does")
	assert.Contains(t, failure(t, "resume", "--url", other.URL, "--receiver", "x"), "302")
	closed := httptest.NewServer(nil)
	closed.Close()
	text := failure(t, "status", "--url", closed.URL)
	assert.Contains(t, text, "does it run, with the extension defender_control?")
	assert.Equal(t, 1, strings.Count(text, closed.URL))
	assert.Contains(t, failure(t, "status", "--url", "nonsense"), "--url")
	assert.Contains(t, failure(t, "status", "--output", "xml"), "--output")
	assert.Contains(t, failure(t, "status", "--interval", "1ms"), "--interval")
	assert.Contains(t, failure(t, "status", "--header", "x"), "--header")
}

// Ctrl-C ends a watch with the exit status of the last answer.
func TestWatch(t *testing.T) {
	at := serve(t, newShownReceiver("defender"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &twice{cancel: cancel}
	cmd := newCommand()
	cmd.SetOut(out)
	cmd.SetArgs([]string{"status", "--url", at, "--watch", "--interval", "100ms"})
	require.NoError(t, cmd.ExecuteContext(ctx))
	assert.Equal(t, 2, out.writes)
}

// twice cancels when something was written for the second time.
type twice struct {
	cancel context.CancelFunc
	writes int
}

func (w *twice) Write(p []byte) (int, error) {
	if w.writes++; w.writes == 2 {
		w.cancel()
	}
	return len(p), nil
}
