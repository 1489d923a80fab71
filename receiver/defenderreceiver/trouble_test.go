package defenderreceiver

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// gateway stands between the receiver and the service, and answers itself where answer says so.
type gateway struct {
	url string

	mu     sync.Mutex // guards everything below
	answer func(w http.ResponseWriter, kql string) bool
	asked  []string
}

// newGateway stands in front of a stage's service.
func newGateway(s *stage) *gateway {
	s.t.Helper()
	target, err := url.Parse(s.Sim.URL())
	require.NoError(s.t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	g := &gateway{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the receiver has ended
		}
		var asked struct{ Query string }
		_ = json.Unmarshal(body, &asked)
		g.mu.Lock()
		g.asked = append(g.asked, asked.Query)
		answer := g.answer
		g.mu.Unlock()
		if answer != nil && answer(w, asked.Query) {
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		proxy.ServeHTTP(w, r)
	}))
	s.t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

func (g *gateway) set(answer func(w http.ResponseWriter, kql string) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer = answer
}

// count is the number of queries that hold a text.
func (g *gateway) count(text string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, kql := range g.asked {
		if strings.Contains(kql, text) {
			n++
		}
	}
	return n
}

// refuse answers with a status and the service's words.
func refuse(w http.ResponseWriter, status int, message string) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	text, _ := json.Marshal(map[string]any{"error": map[string]any{"code": "BadRequest", "message": message}})
	_, _ = w.Write(text)
	return true
}

// logged makes the next receivers of a stage log into what it returns.
func logged(edit *[]func(*defenderReceiver)) *observer.ObservedLogs {
	core, logs := observer.New(zap.DebugLevel)
	*edit = append(*edit, func(r *defenderReceiver) { r.set.Logger = zap.New(core) })
	return logs
}

// One answer with a Date of the future moves no cursor: the service's own now() counts.
func TestDateOfAGatewayIsNotBelieved(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	g := newGateway(s)
	g.set(func(w http.ResponseWriter, _ string) bool {
		w.Header().Set("Date", s.Clock.Now().Add(time.Hour).Format(http.TimeFormat))
		return false
	})
	cfg := s.config(logons)
	cfg.ClientConfig.Endpoint = g.url
	cfg.LateArrival.Audit.Interval = 0
	s.start(cfg)
	for round := range 20 {
		s.Plant(10*round, 10, s.Clock.Now())
		s.Clock.Advance(2 * settle)
		s.delivered(10 * (round + 1))
	}
	assert.False(t, s.receivers[0].readers()[0].health.View().CompleteUntil.After(s.Clock.Now()))
}

// A cursor that is ahead of the service's time is told, set back, and loses nothing.
func TestCursorInTheFuture(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 10, epoch.Add(-time.Minute))
	stop := s.start(s.config(logons))
	s.delivered(10)
	stop()
	k := ledger.NewKeeper(s.Storage, defendersim.DefaultTenantID, 0, func(int, error) {})
	l, err := ledger.Open(t.Context(), k, logons)
	require.NoError(t, err)
	require.NotNil(t, l)
	l.Advance(s.Clock.Now().Add(time.Hour))
	require.NoError(t, l.Keep(time.Now()))
	require.NoError(t, k.Flush(t.Context()))

	s.Plant(10, 10, s.Clock.Now())
	s.Clock.Advance(2 * settle)
	cfg := s.config(logons)
	cfg.LateArrival.Audit.Interval = 0
	var edits []func(*defenderReceiver)
	logs := logged(&edits)
	s.launch(cfg, edits...)
	s.delivered(20)
	assert.Equal(t, 1, logs.FilterMessageSnippet("ahead of the service's time").Len())
	assert.False(t, s.receivers[1].readers()[0].health.View().CompleteUntil.After(s.Clock.Now()))
}

// A start that was made ahead of the service's time is set back to where it should have been.
func TestStartInTheFuture(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 10, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	cfg.LateArrival.Audit.Interval = 0
	g := newGateway(s)
	cfg.ClientConfig.Endpoint = g.url
	g.set(func(w http.ResponseWriter, kql string) bool {
		if !strings.Contains(kql, "Unknown") {
			return false
		}
		g.set(nil)
		fmt.Fprintf(w, `{"schema":[],"results":[{"Rows":1,"Unknown":0,"ServiceNow":%q}]}`, s.Clock.Now().Add(2*time.Hour).Format(time.RFC3339))
		return true
	})
	s.launch(cfg)
	s.delivered(10)
}

// Tries that fail do not move where a first start begins, over a restart either.
func TestFirstStartIsFixed(t *testing.T) {
	for name, restart := range map[string]bool{"one process": false, "with a restart": true} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			s.Sim.SetClientSecret("another")
			cfg := s.config(logons)
			cfg.InitialLookback = 30 * time.Second
			stop := s.start(cfg)
			s.Plant(0, 5, epoch.Add(-40*time.Second)) // before the start
			s.Plant(5, 5, epoch.Add(-20*time.Second))
			require.Eventually(t, func() bool { return s.Sim.Report().Count("", "") > 2 }, wait, time.Millisecond)
			s.Clock.Advance(6 * time.Minute)
			s.Plant(10, 5, s.Clock.Now().Add(-3*time.Minute))
			if restart {
				stop()
				s.start(cfg)
			}
			s.Clock.Advance(time.Minute)
			s.Sim.SetClientSecret(defendersim.DefaultClientSecret)
			s.delivered(10)
		})
	}
}

// A start without cursors says so, and from when on it reads.
func TestStartWithoutCursorsIsTold(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	var edits []func(*defenderReceiver)
	logs := logged(&edits)
	s.launch(s.config(logons), edits...).stop()
	assert.Equal(t, 1, logs.FilterMessageSnippet("holds no cursor").FilterLevelExact(zap.WarnLevel).Len())
	s.start(s.config(logons))
	s.Polls(logons, 2)

	logs.TakeAll()
	s.launch(s.config(logons, "DeviceEvents"), edits...)
	told := logs.FilterMessageSnippet("none of these").All()
	require.Len(t, told, 1)
	assert.Equal(t, []any{"DeviceEvents"}, told[0].ContextMap()["tables"])
}

// A column that the service does not have is left out; the rows come without it, and with it once it is there.
func TestColumnThatTheServiceLacks(t *testing.T) {
	for _, words := range []string{
		"'project' operator: Failed to resolve scalar expression named 'RemoteIP'. Fix semantic errors in your query.",
		"'project' operator: Failed to resolve column or scalar expression named 'RemoteIP'",
	} {
		s := newStage(t, defendersim.Options{})
		g := newGateway(s)
		lacks := func(w http.ResponseWriter, kql string) bool {
			return strings.Contains(kql, "RemoteIP,") && refuse(w, http.StatusBadRequest, words)
		}
		g.set(lacks)
		cfg := s.config(logons)
		cfg.ClientConfig.Endpoint = g.url
		cfg.PauseAfterFailures = 1
		var edits []func(*defenderReceiver)
		logs := logged(&edits)
		s.Plant(0, 5, epoch.Add(-time.Minute))
		s.launch(cfg, edits...)
		s.delivered(5)
		s.Clock.Advance(2 * settle)
		s.Polls(logons, 5)
		assert.Equal(t, 1, g.count("RemoteIP,"), "asked for once")
		assert.Equal(t, 1, logs.FilterMessageSnippet("does not have a column").Len(), "told once")
		assert.False(t, s.paused(logons))
	}
}

// A column that tells rows apart cannot be left out, nor one that the user has asked for.
func TestColumnThatIsNeeded(t *testing.T) {
	for column, edit := range map[string]func(*TableConfig){
		"ReportId":    func(*TableConfig) {},
		"DeviceType2": func(c *TableConfig) { c.Columns = []string{"DeviceType2"} },
	} {
		s := newStage(t, defendersim.Options{})
		g := newGateway(s)
		g.set(func(w http.ResponseWriter, kql string) bool {
			return strings.Contains(kql, column) && refuse(w, http.StatusBadRequest, "Failed to resolve scalar expression named '"+column+"'")
		})
		cfg := s.config(logons)
		cfg.ClientConfig.Endpoint = g.url
		cfg.PauseAfterFailures = 2
		own := cfg.Tables[logons]
		edit(&own)
		cfg.Tables[logons] = own
		s.start(cfg)
		require.Eventually(t, func() bool { return s.pausedFor(logons) == "failures" }, wait, time.Millisecond, column)
		assert.Eventually(t, func() bool { return s.Status.Has("has no column " + column) }, wait, time.Millisecond, column)
	}
}

// A table whose rows came lately is missed for minutes, not for a day.
func TestTableThatWasThereIsTriedAgainSoon(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		b.Plant(0, 5, b.Now().Add(-time.Minute))
		cfg := b.config(logons)
		_, stop := b.start(cfg)
		defer stop()
		time.Sleep(5 * time.Minute)
		b.Exactly(5)
		require.NoError(b.t, b.Sim.SetWithoutTables(logons))
		time.Sleep(time.Hour)
		assert.Equal(t, "failures", b.pausedFor(logons))
		assert.True(t, b.Status.Has("DeviceLogonEvents"))
		require.NoError(b.t, b.Sim.SetWithoutTables())
		b.Plant(5, 5, b.Now())
		time.Sleep(10 * time.Minute)
		b.Exactly(10)
	})
}

// What a gateway answers to the first question says nothing of how a table can be read.
func TestOnlyTheServiceSaysHowATableIsRead(t *testing.T) {
	for _, status := range []int{402, 404, 405, 407, 409, 410, 412, 423, 502} {
		s := newStage(t, defendersim.Options{})
		g := newGateway(s)
		struck := false
		g.set(func(w http.ResponseWriter, kql string) bool {
			if struck || !strings.Contains(kql, "Unknown") {
				return false
			}
			struck = true
			w.WriteHeader(status)
			return true
		})
		cfg := s.config(logons)
		cfg.ClientConfig.Endpoint = g.url
		s.Plant(0, 5, epoch.Add(-time.Minute))
		s.start(cfg)
		s.delivered(5)
		assert.Contains(t, s.Sink.Records()[0].Log.Attributes().AsRaw(), "microsoft.defender.ingestion_time", status)
		assert.Positive(t, g.count("IngestionTime = ingestion_time()"), status)
	}
}

// A secret file that is wrong, right, wrong and right again: each time all tables go on together, at once.
func TestSecretFileThatChanges(t *testing.T) {
	const good, bad = defendersim.DefaultClientSecret, "wrong"
	s := newStage(t, defendersim.Options{TokenLifetime: 20 * time.Second})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		file := filepath.Join(t.TempDir(), "secret")
		write := func(secret string) { require.NoError(t, os.WriteFile(file, []byte(secret), 0o600)) }
		write(bad)
		cfg := b.config(logons, "DeviceEvents", "DeviceFileEvents", "DeviceProcessEvents")
		cfg.Credentials.ClientSecret, cfg.Credentials.ClientSecretFile = "", file
		cfg.PollInterval = time.Minute
		r, stop := b.start(cfg)
		defer stop()
		rows := 0
		for round := range 4 {
			write(bad)
			time.Sleep(150 * time.Minute) // between two hourly tries
			for _, table := range r.readers() {
				assert.Equal(t, "credentials", b.pausedFor(table.table), "round %d", round)
			}
			assert.True(t, b.Status.Has("the client secret is wrong"))
			b.Plant(rows, 5, b.Now())
			rows += 5
			write(good)
			time.Sleep(4 * time.Minute)
			b.Exactly(rows)
			for _, table := range r.readers() {
				assert.Empty(t, b.pausedFor(table.table), "round %d: %s", round, table.table)
			}
			assert.True(t, b.Status.OK(), "round %d", round)
		}
	})
}

// Tables that an outage has paused go on within minutes, and together.
func TestOutageOfMinutes(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(time.Second, func(b *fakeTime) {
		cfg := b.config(logons, "DeviceEvents", "DeviceFileEvents", "DeviceProcessEvents", "DeviceNetworkEvents")
		cfg.PollInterval = time.Minute
		r, stop := b.start(cfg)
		defer stop()
		time.Sleep(10 * time.Minute)
		b.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultServerError, Rate: 1})
		time.Sleep(30 * time.Minute)
		for _, table := range r.readers() {
			assert.Equal(t, "failures", b.pausedFor(table.table))
		}
		b.Sim.SetFaults()
		b.Plant(0, 5, b.Now())
		time.Sleep(8 * time.Minute)
		b.Exactly(5)
		for _, table := range r.readers() {
			assert.Empty(t, b.pausedFor(table.table))
		}
		assert.True(t, b.Status.OK())
	})
}

// One cause is one warning, however many tables it stops.
func TestOneCauseIsOneMessage(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultServerError, Rate: 1})
	cfg := s.config(logons, "DeviceEvents", "DeviceFileEvents", "DeviceProcessEvents", "DeviceNetworkEvents")
	var edits []func(*defenderReceiver)
	logs := logged(&edits)
	life := s.launch(cfg, edits...)
	require.Eventually(t, func() bool { return s.Sim.Report().Count("/v1.0/security/runHuntingQuery", "") > 50 }, wait, time.Millisecond)
	require.Eventually(t, func() bool { return s.Status.Has("status 500") }, wait, time.Millisecond)
	life.stop()
	told := logs.FilterLevelExact(zap.WarnLevel).FilterMessageSnippet("failed").All()
	require.Len(t, told, 1)
	assert.Empty(t, told[0].Stack)
	assert.Equal(t, 1, s.Status.Times("status 500"), "one status")
}
