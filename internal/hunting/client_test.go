package hunting

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/goleak"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service answers requests without a network.
type service func(*http.Request) (*http.Response, error)

func (s service) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

func answer(status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func answering(status int, header http.Header, body string) service {
	return func(*http.Request) (*http.Response, error) { return answer(status, header, body), nil }
}

// tokens hands out token-1, then token-2 once that is invalidated, and so on.
type tokens struct {
	mu     sync.Mutex
	number int
	err    error
}

func (s *tokens) current() string { return "token-" + strconv.Itoa(s.number+1) }

func (s *tokens) Token(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current(), s.err
}

func (s *tokens) Invalidate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == s.current() {
		s.number++
	}
}

func newTestClient(tb testing.TB, api API, s service, change ...func(*Config)) *Client {
	tb.Helper()
	endpoint, err := url.Parse("https://hunting.example/base")
	require.NoError(tb, err)
	cfg := Config{API: api, Endpoint: endpoint, Client: &http.Client{Transport: s}, Tokens: &tokens{}, UserAgent: "otelcol-defender/test"}
	for _, f := range change {
		f(&cfg)
	}
	return NewClient(cfg)
}

// read gives the rows of an answer and the error that ended them.
func read(tb testing.TB, body string, columns ...tables.Column) ([]map[string]any, *Rows, error) {
	tb.Helper()
	rows, err := newTestClient(tb, Graph, answering(http.StatusOK, nil, body)).Query(tb.Context(), "T", columns)
	require.NoError(tb, err)
	defer rows.Close()
	all, err := drain(rows)
	return all, rows, err
}

func drain(rows *Rows) ([]map[string]any, error) {
	var all []map[string]any
	for row := pcommon.NewMap(); ; {
		ok, err := rows.Next(row)
		if !ok {
			return all, err
		}
		all = append(all, row.AsRaw())
	}
}

func kindOf(tb testing.TB, err error) Kind {
	tb.Helper()
	var e *Error
	require.ErrorAs(tb, err, &e)
	return e.Kind
}

func TestQuerySendsWhatTheServiceExpects(t *testing.T) {
	for api, path := range map[API]string{
		Graph: "/base/v1.0/security/runHuntingQuery", Legacy: "/base/api/advancedhunting/run",
	} {
		t.Run(api.String(), func(t *testing.T) {
			client := newTestClient(t, api, func(r *http.Request) (*http.Response, error) {
				assert.Equal(t, http.MethodPost, r.Method)
				assert.Equal(t, path, r.URL.Path)
				assert.Equal(t, "Bearer token-1", r.Header.Get("Authorization"))
				assert.Equal(t, "application/json; charset=utf-8", r.Header.Get("Content-Type"))
				assert.Equal(t, "otelcol-defender/test", r.Header.Get("User-Agent"))
				assert.Empty(t, r.Header.Get("Accept-Encoding"), "set by the transport, which then inflates")
				var body map[string]any
				assert.NoError(t, json.NewDecoder(r.Body).Decode(&body))
				assert.Equal(t, map[string]any{"Query": `T | where x == "<é>"`}, body)
				return answer(http.StatusOK, nil, `{"results":[]}`), nil
			})
			rows, err := client.Query(t.Context(), `T | where x == "<é>"`, nil)
			require.NoError(t, err)
			all, err := drain(rows)
			require.NoError(t, err)
			assert.Empty(t, all)
			require.NoError(t, rows.Close())
			require.NoError(t, rows.Close())
		})
	}
}

func TestUnauthorizedIsTriedOnceMoreWithANewToken(t *testing.T) {
	refuse := func(accepted string) (service, *[]string) {
		var seen []string
		return func(r *http.Request) (*http.Response, error) {
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			seen = append(seen, token)
			if token == accepted {
				return answer(http.StatusOK, nil, `{"results":[{"A":1}]}`), nil
			}
			return answer(http.StatusUnauthorized, nil, `{"error":{"code":"InvalidAuthenticationToken","message":"no good: `+token+`"}}`), nil
		}, &seen
	}

	s, seen := refuse("token-2")
	rows, err := newTestClient(t, Graph, s).Query(t.Context(), "T", nil)
	require.NoError(t, err)
	require.NoError(t, rows.Close())
	assert.Equal(t, []string{"token-1", "token-2"}, *seen)

	s, seen = refuse("another")
	_, err = newTestClient(t, Graph, s).Query(t.Context(), "T", nil)
	assert.Equal(t, Unauthorized, kindOf(t, err))
	assert.Equal(t, []string{"token-1", "token-2"}, *seen)
	assert.NotContains(t, err.Error(), "token-2", "the service's text quotes the token")
}

func TestTokenErrorsComeThrough(t *testing.T) {
	sentinel := errors.New("the secret has expired")
	client := newTestClient(t, Graph, nil, func(c *Config) { c.Tokens = &tokens{err: sentinel} })
	_, err := client.Query(t.Context(), "T", nil)
	require.ErrorIs(t, err, sentinel)
}

func TestTransportErrors(t *testing.T) {
	_, err := newTestClient(t, Graph, func(*http.Request) (*http.Response, error) {
		return nil, errors.New("connection refused")
	}).Query(t.Context(), "T", nil)
	assert.Equal(t, Transient, kindOf(t, err))
	require.ErrorContains(t, err, "connection refused")

	ctx, cancel := context.WithCancel(t.Context())
	_, err = newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
		cancel()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}).Query(ctx, "T", nil)
	require.ErrorIs(t, err, context.Canceled)
}

// stream is a body whose parts come when they come.
type stream struct {
	ctx   context.Context
	parts chan string
	rest  string
}

func (s *stream) Read(p []byte) (int, error) {
	if s.rest == "" {
		select {
		case part, ok := <-s.parts:
			if !ok {
				return 0, io.EOF
			}
			s.rest = part
		case <-s.ctx.Done():
			return 0, s.ctx.Err()
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *stream) Close() error { return nil }

func TestTimeoutCountsOnlyTheServicesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := make(chan string)
		client := newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
			time.Sleep(4 * time.Second)
			resp := answer(http.StatusOK, nil, "")
			resp.Body = &stream{ctx: r.Context(), parts: parts}
			return resp, nil
		}, func(c *Config) { c.Client.Timeout = 10 * time.Second })
		rows, err := client.Query(t.Context(), "T", nil)
		require.NoError(t, err)
		defer rows.Close()
		row := pcommon.NewMap()

		go func() { parts <- `{"results":[{"A":1},` }()
		ok, err := rows.Next(row)
		require.NoError(t, err)
		require.True(t, ok)

		time.Sleep(time.Hour) // the pipeline takes its time
		go func() { parts <- `{"A":2}` }()
		ok, err = rows.Next(row)
		require.NoError(t, err)
		require.True(t, ok)

		start := time.Now()
		ok, err = rows.Next(row)
		assert.False(t, ok)
		assert.Equal(t, Interrupted, kindOf(t, err))
		assert.ErrorContains(t, err, "timed out after waiting 10s")
		assert.Equal(t, 6*time.Second, time.Since(start), "4 s went by before the header")
		assert.Equal(t, 10*time.Second, rows.Stats().Waited)
	})
	synctest.Test(t, func(t *testing.T) {
		client := newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, func(c *Config) { c.Client.Timeout = 10 * time.Second })
		_, err := client.Query(t.Context(), "T", nil)
		assert.Equal(t, Transient, kindOf(t, err))
		assert.ErrorContains(t, err, "timed out after waiting 10s")
	})
}

func TestCancelledWhileTheBodyStreams(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	parts := make(chan string, 1)
	rows, err := newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
		resp := answer(http.StatusOK, nil, "")
		resp.Body = &stream{ctx: r.Context(), parts: parts}
		return resp, nil
	}).Query(ctx, "T", nil)
	require.NoError(t, err)
	defer rows.Close()
	parts <- `{"results":[{"A":1}`
	ok, err := rows.Next(pcommon.NewMap())
	require.NoError(t, err)
	require.True(t, ok)
	cancel()
	ok, err = rows.Next(pcommon.NewMap())
	assert.False(t, ok)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, Interrupted, kindOf(t, err))
}

func TestServiceClock(t *testing.T) {
	at := func(s float64) time.Time {
		return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s * float64(time.Second)))
	}
	var c ServiceClock
	_, known := c.Now(at(0))
	assert.False(t, known)

	// The service is 100.5 s ahead. An answer within 0.2 s, then one that took a minute.
	c.Observe(at(110).Truncate(time.Second), at(10), at(10.2))
	now, known := c.Now(at(20))
	assert.True(t, known)
	assert.Equal(t, at(119.8), now)
	c.Observe(at(130), at(20), at(80))
	now, _ = c.Now(at(20))
	assert.Equal(t, at(119.8), now, "a slow answer tells less and takes nothing away")
	c.Observe(at(130), at(29.5), at(29.6))
	now, _ = c.Now(at(20))
	assert.Equal(t, at(120.4), now, "a better one tells more")
	assert.False(t, now.After(at(120.5)))

	// Someone sets the local clock right.
	c.Observe(at(300), at(300.1), at(300.2))
	now, _ = c.Now(at(301))
	assert.Equal(t, at(300.8), now)
}

func TestClientObservesTheServicesDate(t *testing.T) {
	local := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	header := http.Header{"Date": {"Sun, 01 Mar 2026 12:00:30 GMT"}}
	client := newTestClient(t, Graph, answering(http.StatusTooManyRequests, header, ""), func(c *Config) {
		c.Now = func() time.Time { return local }
	})
	_, err := client.Query(t.Context(), "T", nil)
	require.Error(t, err)
	now, known := client.Clock().Now(local)
	assert.True(t, known)
	assert.Equal(t, local.Add(30*time.Second), now)
}
