package defendersim

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

const (
	graphPath  = "/v1.0/security/runHuntingQuery"
	legacyPath = "/api/advancedhunting/run"
)

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// harness is an emulator, its clock, and a client that has no token until it asks.
type harness struct {
	*Server
	clock  *Clock
	client *http.Client
	tokens map[string]string
}

func start(tb testing.TB, o Options) *harness {
	tb.Helper()
	h := &harness{clock: NewClock(noon), tokens: map[string]string{}}
	if o.Now == nil {
		o.Now = h.clock.Now
	}
	var err error
	h.Server, err = Start(context.WithoutCancel(tb.Context()), o)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, h.Close()) })
	roots := x509.NewCertPool()
	require.True(tb, roots.AppendCertsFromPEM(h.CAPEM()))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	tb.Cleanup(transport.CloseIdleConnections)
	h.client = &http.Client{Transport: transport}
	return h
}

// reply is a response whose body has been read.
type reply struct {
	*http.Response
	body []byte
	err  error // of reading the body
}

func (h *harness) do(tb testing.TB, req *http.Request) reply {
	tb.Helper()
	res, err := h.client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return reply{res, body, err}
}

func (h *harness) tokenForm() url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {h.ClientID}, "client_secret": {h.ClientSecret},
		"scope": {entra.AudienceGraph + "/.default openid offline_access profile"},
	}
}

func (h *harness) requestToken(tb testing.TB, tenant string, form url.Values) reply {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, h.URL()+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	require.NoError(tb, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("client-request-id", "correlation")
	return h.do(tb, req)
}

// token returns a token for the path's API, the same one until renew.
func (h *harness) token(tb testing.TB, path string) string {
	tb.Helper()
	audience := entra.AudienceGraph
	if path == legacyPath {
		audience = entra.AudienceLegacy
	}
	if h.tokens[audience] == "" {
		form := h.tokenForm()
		form.Set("scope", audience+"/.default")
		a := h.requestToken(tb, h.TenantID, form)
		require.Equal(tb, http.StatusOK, a.StatusCode, "%s", a.body)
		var fields struct {
			AccessToken string `json:"access_token"`
		}
		require.NoError(tb, json.Unmarshal(a.body, &fields))
		h.tokens[audience] = fields.AccessToken
	}
	return h.tokens[audience]
}

func (h *harness) renew() { clear(h.tokens) }

// request is one that do sends, also from a goroutine of its own.
func (h *harness) request(tb testing.TB, path, body, token string) *http.Request {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, h.URL()+path, strings.NewReader(body))
	require.NoError(tb, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("client-request-id", "correlation")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req
}

func (h *harness) post(tb testing.TB, path, body, token string) reply {
	tb.Helper()
	return h.do(tb, h.request(tb, path, body, token))
}

func (h *harness) query(tb testing.TB, path, text string) reply {
	tb.Helper()
	body, err := json.Marshal(map[string]string{"Query": text})
	require.NoError(tb, err)
	return h.post(tb, path, string(body), h.token(tb, path))
}

// rows are the rows of a successful Graph answer.
func (a reply) rows(tb testing.TB) []map[string]any {
	tb.Helper()
	require.NoError(tb, a.err)
	require.Equal(tb, http.StatusOK, a.StatusCode, "%s", a.body)
	var body struct {
		Results []map[string]any `json:"results"`
	}
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	require.NoError(tb, decoder.Decode(&body))
	return body.Results
}

// message checks an error's status and envelope and returns its text.
func (a reply) message(tb testing.TB, status int) string {
	tb.Helper()
	require.NoError(tb, a.err)
	require.Equal(tb, status, a.StatusCode, "%s", a.body)
	var body struct {
		Error struct{ Code, Message string }
	}
	require.NoError(tb, json.Unmarshal(a.body, &body), "%s", a.body)
	assert.NotEmpty(tb, body.Error.Code)
	return body.Error.Message
}

// event is a planted row of a device event table that happened `ago` before noon.
func event(id int64, ago time.Duration) Planted {
	return Planted{
		Row: map[string]any{
			"Timestamp": noon.Add(-ago), "DeviceId": "d1", "ReportId": id, "ActionType": "ProcessCreated",
			"FileName": fmt.Sprintf("p%d.exe", id), "ProcessCommandLine": fmt.Sprintf(`"C:\p%d.exe" /x`, id),
		},
		IngestionTime: noon.Add(-ago + time.Minute),
	}
}

// fakeQuery stands in for the engine where a test needs a result that no table would give.
type fakeQuery struct {
	columns []engine.Column
	run     func(ctx context.Context, yield func([]value.Value) bool) (int64, error)
}

func (q fakeQuery) Columns() []engine.Column { return q.columns }
func (q fakeQuery) Run(ctx context.Context, yield func([]value.Value) bool) (int64, error) {
	return q.run(ctx, yield)
}

func fakeEngine(q fakeQuery) hunting.Compile {
	return func(engine.Database, string, hunting.CompileOptions) (hunting.Query, error) { return q, nil }
}

// rowsOf is an engine whose every query gives n times the row.
func rowsOf(n int, columns []engine.Column, row []value.Value) hunting.Compile {
	return fakeEngine(fakeQuery{columns: columns, run: func(_ context.Context, yield func([]value.Value) bool) (int64, error) {
		for i := range n {
			if !yield(row) {
				return int64(i), nil
			}
		}
		return int64(n), nil
	}})
}
