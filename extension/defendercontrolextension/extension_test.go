package defendercontrolextension

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/extension/defendercontrolextension/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/control/turns"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// server is an extension that runs.
type server struct {
	t         *testing.T
	extension *controlExtension
	url       string
	logs      *observer.ObservedLogs
}

func serve(t *testing.T, change func(*Config), extensions map[component.ID]component.Component, receivers ...control.Receiver) *server {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.NetAddr.Endpoint = "127.0.0.1:0"
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	core, logs := observer.New(zap.InfoLevel)
	set := extensiontest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	e, err := NewFactory().Create(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), collector.Extensions(extensions)))
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	for _, receiver := range receivers {
		t.Cleanup(e.(control.Registrar).Register(receiver))
	}
	return &server{t, e.(*controlExtension), "http://" + e.(*controlExtension).address.String(), logs}
}

// answer is an HTTP answer.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with headers of the form "Name: value".
func (s *server) ask(method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

const pausePath = "/api/v1/receivers/defender/tables/DeviceLogonEvents/pause"

func TestStatusAPI(t *testing.T) {
	s := serve(t, nil, nil, newFake(time.Now()))
	defer s.extension.RegisterProcessor(fakeProcessor{})()
	got := s.ask(http.MethodGet, "/api/v1/status", "")
	require.Equal(t, http.StatusOK, got.status)
	assert.Equal(t, "application/json; charset=utf-8", got.header.Get("Content-Type"))
	var status struct {
		Receivers []struct {
			ID, State string
			Quota     map[string]any
			Tables    []map[string]any
		}
		Processors []map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &status))
	require.Len(t, status.Receivers, 1)
	assert.Equal(t, []string{"defender", "running"}, []string{status.Receivers[0].ID, status.Receivers[0].State})
	assert.Len(t, status.Receivers[0].Quota["windows"], 5)
	for _, key := range []string{
		"name", "state", "lane", "complete_until", "lag_seconds", "rows_delivered", "rows_refused", "reason", "last_poll", "last_error",
		"consecutive_failures", "next_poll", "audit",
	} {
		assert.Contains(t, status.Receivers[0].Tables[0], key)
	}
	for _, key := range []string{"matched", "recovered", "refused", "missing", "last"} {
		assert.Contains(t, status.Receivers[0].Tables[0]["audit"], key)
	}
	assert.Len(t, status.Processors, 1)
}

func TestNoReceiverIsAnEmptyList(t *testing.T) {
	s := serve(t, nil, nil)
	assert.Contains(t, s.ask(http.MethodGet, "/api/v1/status", "").body, `"receivers": []`)
	assert.Contains(t, s.ask(http.MethodGet, "/", "").body, "No receiver")
}

// A resolver is shown, stopped and let go on, by the API and by the page.
func TestResolver(t *testing.T) {
	s := serve(t, nil, nil)
	assert.Contains(t, s.ask(http.MethodGet, "/api/v1/status", "").body, `"resolvers": []`)
	resolver := new(fakeResolver)
	s.t.Cleanup(s.extension.RegisterResolver(resolver))
	assert.Contains(t, s.ask(http.MethodGet, "/api/v1/status", "").body, `"id": "alert_resolver/x"`)

	stopped := s.ask(http.MethodPost, "/api/v1/resolvers/alert_resolver%2Fx/stop", "")
	assert.Equal(t, http.StatusOK, stopped.status)
	assert.Contains(t, stopped.body, `"stopped": true`)
	page := s.ask(http.MethodGet, "/", "").body
	for _, text := range []string{"A user has stopped it", "1,200 alerts wait, 1 left alone, 3 resolved since its start.", "Go on", "no &lt;way&gt;"} {
		assert.Contains(t, page, text)
	}
	assert.Contains(t, s.ask(http.MethodPost, "/api/v1/resolvers/alert_resolver/x/resume", "").body, `"stopped": false`)
	assert.Contains(t, s.ask(http.MethodGet, "/", "").body, "It resolves alerts of security tests in the tenant.")
	assert.Equal(t, http.StatusNotFound, s.ask(http.MethodPost, "/api/v1/resolvers/other/stop", "").status)

	form := s.ask(http.MethodGet, "/confirm?action=stop&receiver=alert_resolver/x", "").body
	_, token, _ := strings.Cut(form, `name="token" value="`)
	token, _, _ = strings.Cut(token, `"`)
	acted := s.ask(http.MethodPost, "/act", "action=stop&receiver=alert_resolver/x&token="+token, "Content-Type: application/x-www-form-urlencoded")
	assert.Equal(t, http.StatusSeeOther, acted.status, acted.body)
	assert.True(t, resolver.stopped)
	assert.Contains(t, s.ask(http.MethodGet, "/confirm?action=start&receiver=alert_resolver/x", "").body, "they are resolved in the tenant")

	resolver.err = control.ErrNotKept
	assert.Equal(t, http.StatusInternalServerError, s.ask(http.MethodPost, "/api/v1/resolvers/alert_resolver/x/resume", "").status)
}

func TestCommands(t *testing.T) {
	one, two := newFake(time.Now()), newFake(time.Now())
	two.status.ID = "defender/second"
	s := serve(t, nil, nil, one, fakeTester{two})
	for _, c := range []struct {
		path   string
		status int
		told   string
	}{
		{"/api/v1/receivers/defender/tables/DeviceLogonEvents/pause", 200, "pause DeviceLogonEvents"},
		{"/api/v1/receivers/defender/tables/DeviceLogonEvents/resume", 200, "resume DeviceLogonEvents"},
		{"/api/v1/receivers/defender/tables/NoSuchTable/pause", 404, ""},
		{"/api/v1/receivers/nobody/tables/DeviceLogonEvents/pause", 404, ""},
		{"/api/v1/receivers/nobody/resume", 404, ""},
		{"/api/v1/receivers/defender/test", 501, ""},
		{"/api/v1/receivers/defender/pause", 404, ""},
	} {
		got := s.ask(http.MethodPost, c.path, "")
		assert.Equal(t, c.status, got.status, "%s: %s", c.path, got.body)
		if c.told != "" {
			assert.Equal(t, c.told, one.told[len(one.told)-1])
			assert.Contains(t, got.body, `"id": "defender"`)
		} else {
			assert.Contains(t, got.body, `"error"`)
		}
	}
	for _, path := range []string{"defender/second", "defender%2Fsecond"} {
		two.told = nil
		assert.Equal(t, 200, s.ask(http.MethodPost, "/api/v1/receivers/"+path+"/tables/Alerts/pause", "{}", "Content-Type: application/json").status)
		assert.Equal(t, []string{"pause Alerts"}, two.told)
		assert.Equal(t, 200, s.ask(http.MethodPost, "/api/v1/receivers/"+path+"/resume", "").status)
		assert.Len(t, two.told, 1+len(two.status.Tables))
		assert.JSONEq(t, `{"said": "all fine"}`, s.ask(http.MethodPost, "/api/v1/receivers/"+path+"/test", "").body)
		assert.JSONEq(t, `{"said": "the day 2026-11-20"}`, s.ask(http.MethodGet, "/api/v1/receivers/"+path+"/report?day=2026-11-20", "").body)
		assert.Equal(t, 400, s.ask(http.MethodGet, "/api/v1/receivers/"+path+"/report?day=yesterday", "").status)
	}
	assert.Equal(t, 501, s.ask(http.MethodGet, "/api/v1/receivers/defender/report?day=2026-11-20", "").status)
	assert.Equal(t, 404, s.ask(http.MethodGet, pausePath, "").status, "a command is no GET")

	one.err = control.ErrNotKept
	got := s.ask(http.MethodPost, pausePath, "")
	assert.Equal(t, 500, got.status)
	assert.Contains(t, got.body, "a restart forgets it")
}

// What the page of another site could make a browser send is refused, and what programs send is not.
func TestRequestsOfOthers(t *testing.T) {
	f := newFake(time.Now())
	s := serve(t, func(c *Config) { c.Hosts = []string{"collector.example.com"} }, nil, f)
	own := "Origin: " + s.url
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
	}{
		"a program":                      {"POST", pausePath, "", nil, 200},
		"a program with JSON":            {"POST", pausePath, "{}", []string{"Content-Type: application/json; charset=utf-8"}, 200},
		"the page itself":                {"POST", pausePath, "", []string{own, "Sec-Fetch-Site: same-origin"}, 200},
		"a form":                         {"POST", pausePath, "a=b", []string{"Content-Type: application/x-www-form-urlencoded"}, 415},
		"a form of text":                 {"POST", pausePath, "a=b", []string{"Content-Type: text/plain"}, 415},
		"an empty form":                  {"POST", pausePath, "", []string{"Content-Type: application/x-www-form-urlencoded"}, 415},
		"a body of no kind":              {"POST", pausePath, "a=b", nil, 415},
		"a form with the header":         {"POST", pausePath, "a=b", []string{"Content-Type: application/x-www-form-urlencoded", "X-Defender-Control: 1"}, 200},
		"another origin":                 {"POST", pausePath, "", []string{"Origin: https://evil.example"}, 403},
		"no origin that is one":          {"POST", pausePath, "", []string{"Origin: null"}, 403},
		"another port":                   {"POST", pausePath, "", []string{"Origin: http://127.0.0.1:1"}, 403},
		"another site":                   {"POST", pausePath, "", []string{"Sec-Fetch-Site: cross-site"}, 403},
		"a sibling site":                 {"POST", pausePath, "", []string{"Sec-Fetch-Site: same-site"}, 403},
		"another site with the header":   {"POST", pausePath, "", []string{"Sec-Fetch-Site: cross-site", "X-Defender-Control: 1"}, 403},
		"another site that reads":        {"GET", "/api/v1/status", "", []string{"Origin: https://evil.example"}, 403},
		"an image of another site":       {"GET", "/api/v1/status", "", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"}, 403},
		"a link on another site":         {"GET", "/", "", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"}, 200},
		"an address that was typed":      {"GET", "/", "", []string{"Sec-Fetch-Site: none"}, 200},
		"another name":                   {"GET", "/api/v1/status", "", []string{"Host: evil.example"}, 421},
		"another name that commands":     {"POST", pausePath, "", []string{"Host: evil.example:13134", "Origin: http://evil.example:13134"}, 421},
		"a name that begins like ours":   {"GET", "/", "", []string{"Host: localhost.evil.example"}, 421},
		"an address that is not ours":    {"GET", "/", "", []string{"Host: 192.0.2.1:13134"}, 421},
		"localhost":                      {"GET", "/", "", []string{"Host: LOCALHOST:13134"}, 200},
		"the loopback address of IPv6":   {"GET", "/", "", []string{"Host: [::1]:13134"}, 200},
		"a name that is configured":      {"GET", "/", "", []string{"Host: Collector.example.com"}, 200},
		"a form without the page's sign": {"POST", "/act", "action=pause&receiver=defender&table=Alerts", []string{"Content-Type: application/x-www-form-urlencoded"}, 403},
		"a form of another site": {
			"POST", "/act", "action=pause&receiver=defender&table=Alerts",
			[]string{"Content-Type: application/x-www-form-urlencoded", "Origin: https://evil.example"},
			403,
		},
	} {
		f.told = nil
		got := s.ask(c.method, c.path, c.body, c.headers...)
		assert.Equal(t, c.status, got.status, "%s: %s", name, got.body)
		assert.Equal(t, c.status == 200 && c.method == "POST", len(f.told) > 0, name)
		assert.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'", name)
		assert.Empty(t, got.header.Get("Access-Control-Allow-Origin"), name)
	}
}

func TestConfig(t *testing.T) {
	auth := configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("basicauth")}})
	for _, c := range []struct {
		endpoint string
		auth     configoptional.Optional[confighttp.AuthConfig]
		key      string
	}{
		{"127.0.0.1:13134", configoptional.None[confighttp.AuthConfig](), ""},
		{"localhost:13134", configoptional.None[confighttp.AuthConfig](), ""},
		{"[::1]:13134", configoptional.None[confighttp.AuthConfig](), ""},
		{"0.0.0.0:13134", configoptional.None[confighttp.AuthConfig](), "auth"},
		{":13134", configoptional.None[confighttp.AuthConfig](), "auth"},
		{"[::]:13134", configoptional.None[confighttp.AuthConfig](), "auth"},
		{"10.0.0.1:13134", configoptional.None[confighttp.AuthConfig](), "auth"},
		{"collector.example.com:13134", configoptional.None[confighttp.AuthConfig](), "auth"},
		{"localhost.example.com:13134", configoptional.None[confighttp.AuthConfig](), "auth"},
		{"0.0.0.0:13134", auth, ""},
		{"13134", auth, "endpoint"},
	} {
		cfg := createDefaultConfig().(*Config)
		cfg.NetAddr.Endpoint, cfg.Auth = c.endpoint, c.auth
		if c.key == "" {
			assert.NoError(t, cfg.Validate(), c.endpoint)
		} else {
			assert.ErrorContains(t, cfg.Validate(), "'"+c.key+"'", c.endpoint)
		}
	}
	cfg := createDefaultConfig().(*Config)
	cfg.CORS = configoptional.Some(confighttp.CORSConfig{AllowedOrigins: []string{"*"}})
	assert.ErrorContains(t, cfg.Validate(), "'cors'")
}

// authenticator lets jane pass.
type authenticator struct {
	component.StartFunc
	component.ShutdownFunc
}

var _ extensionauth.Server = authenticator{}

func (authenticator) Authenticate(ctx context.Context, headers map[string][]string) (context.Context, error) {
	if http.Header(headers).Get("Authorization") != "Basic jane" {
		return ctx, errors.New("wrong password hunter2")
	}
	info := client.FromContext(ctx)
	info.Auth = jane{}
	return client.NewContext(ctx, info), nil
}

type jane struct{}

func (jane) GetAttribute(name string) any {
	if name == "username" {
		return "jane"
	}
	return nil
}
func (jane) GetAttributeNames() []string { return []string{"username"} }

// Each command stands in the log with who has asked; who has not said who they are can do and see nothing.
func TestWhoAsks(t *testing.T) {
	id := component.MustNewID("basicauth")
	s := serve(t, func(c *Config) {
		c.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: id}})
	}, map[component.ID]component.Component{id: authenticator{}}, newFake(time.Now()))
	for _, path := range []string{"/", "/api/v1/status", "/fragment", "/assets/page.js"} {
		got := s.ask(http.MethodGet, path, "")
		assert.Equal(t, http.StatusUnauthorized, got.status, path)
		assert.Equal(t, `Basic realm="otelcol-defender"`, got.header.Get("WWW-Authenticate"), "a browser asks for the password")
		assert.NotContains(t, got.body, "hunter2")
	}
	assert.Equal(t, http.StatusUnauthorized, s.ask(http.MethodPost, pausePath, "").status)
	assert.Equal(t, http.StatusOK, s.ask(http.MethodPost, pausePath, "", "Authorization: Basic jane").status)
	entries := s.logs.FilterMessage("A user's command was carried out.").All()
	require.Len(t, entries, 1)
	fields := entries[0].ContextMap()
	assert.Equal(t, []any{"jane", "pause", "defender", "DeviceLogonEvents"}, []any{fields["user"], fields["action"], fields["receiver"], fields["table"]})
	assert.Contains(t, fields["address"], "127.0.0.1:")
	assert.Len(t, s.logs.FilterMessageSnippet("clear text").All(), 1)
}

func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	cfg := createDefaultConfig().(*Config)
	cfg.NetAddr.Endpoint = "127.0.0.1:0"
	cfg.TLS = configoptional.Some(configtls.ServerConfig{Config: configtls.Config{CertFile: "no-such.pem", KeyFile: "no-such.pem"}})
	e, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "no-such.pem")
	require.NoError(t, e.Shutdown(t.Context()))
}

// Without scripts: a button leads to a form, which is posted, and leads back.
func TestPageWithoutScripts(t *testing.T) {
	f := newFake(time.Now())
	s := serve(t, nil, nil, fakeTester{f})
	page := s.ask(http.MethodGet, "/", "")
	require.Equal(t, 200, page.status)
	assert.Equal(t, "same-origin", page.header.Get("Referrer-Policy"), "with no-referrer a browser sends the forms' Origin as null")
	assert.Contains(t, page.body, "DeviceLogonEvents")
	for _, outside := range regexp.MustCompile(`(?:src|href|action)="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		assert.Regexp(t, `^(/|#|data:,$)`, outside[1], "nothing is loaded from elsewhere")
	}
	assert.NotRegexp(t, `<style|style="|<script>|onclick`, page.body, "the policy allows none of it")

	confirm := s.ask(http.MethodGet, "/confirm?receiver=defender&table=Alerts&action=pause", "").body
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(confirm)[1]
	assert.Empty(t, f.told, "a link commands nothing")
	form := url.Values{"token": {token}, "action": {"pause"}, "receiver": {"defender"}, "table": {"Alerts"}}
	kind := "Content-Type: application/x-www-form-urlencoded"
	done := s.ask(http.MethodPost, "/act", form.Encode(), kind)
	assert.Equal(t, http.StatusSeeOther, done.status)
	assert.Equal(t, "/", done.header.Get("Location"))
	assert.Equal(t, []string{"pause Alerts"}, f.told)
	assert.Contains(t, s.ask(http.MethodGet, "/", "").body, "by a user")

	form.Set("action", "test")
	form.Del("table")
	assert.Contains(t, s.ask(http.MethodPost, "/act", form.Encode(), kind).body, "all fine &lt;b&gt;")
	assert.Contains(t, s.ask(http.MethodGet, "/report?receiver=defender&day=2026-11-20", "").body, "the day 2026-11-20")
	assert.Equal(t, 400, s.ask(http.MethodGet, "/report?receiver=defender&day=x", "").status)
	form.Set("action", "resume")
	form.Set("table", "NoSuchTable")
	assert.Equal(t, 404, s.ask(http.MethodPost, "/act", form.Encode(), kind).status)
	assert.Equal(t, 404, s.ask(http.MethodGet, "/confirm?receiver=defender&action=delete", "").status)
	assert.Equal(t, 404, s.ask(http.MethodGet, "/no-such-page", "").status)
	assert.Equal(t, 200, s.ask(http.MethodGet, "/assets/page.css", "").status)
}

// Whatever a receiver says stands on the page as text.
func TestPageEscapes(t *testing.T) {
	f := newFake(time.Now())
	f.status.Troubles = []string{`<script>alert(1)</script>`}
	f.status.Tables[0].LastError = `"><img src=x onerror=alert(1)>`
	f.status.Tables[0].State = control.BackingOff
	body := serve(t, nil, nil, f).ask(http.MethodGet, "/", "").body
	assert.NotContains(t, body, "<script>alert")
	assert.NotContains(t, body, "<img")
}

// fakeLender lends turns of its quota.
type fakeLender struct {
	*fakeReceiver
	cost chan time.Duration
}

func (f fakeLender) Lend(context.Context, time.Duration) (control.Loan, error) { return f, nil }

func (f fakeLender) Return(cpu time.Duration) { f.cost <- cpu }

// A command takes a turn of a receiver, and gives it back; one that it keeps is counted when the extension ends.
func TestTurns(t *testing.T) {
	lender := fakeLender{&fakeReceiver{status: control.ReceiverStatus{ID: "defender/a"}}, make(chan time.Duration, 2)}
	s := serve(t, nil, nil, lender, &fakeReceiver{status: control.ReceiverStatus{ID: "defender"}})
	c := &turns.Client{HTTP: http.DefaultClient, Base: s.url, Receiver: "defender/a", Failed: func(err error) { assert.NoError(t, err) }}
	turn, err := c.Lend(t.Context(), 0)
	require.NoError(t, err)
	turn.Return(3 * time.Second)
	assert.Equal(t, 3*time.Second, <-lender.cost)

	_, err = c.Lend(t.Context(), 0)
	require.NoError(t, err)
	require.NoError(t, s.extension.Shutdown(t.Context()))
	assert.Positive(t, <-lender.cost)
}

func TestNoTurns(t *testing.T) {
	s := serve(t, nil, nil, &fakeReceiver{status: control.ReceiverStatus{ID: "defender"}})
	for receiver, says := range map[string]string{"defender": "lends no turns", "defender/x": "no such receiver"} {
		c := &turns.Client{HTTP: http.DefaultClient, Base: s.url, Receiver: receiver}
		_, err := c.Lend(t.Context(), 0)
		assert.ErrorContains(t, err, says)
	}
}
