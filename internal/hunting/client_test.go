package hunting

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
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
	claims string // of the last challenge
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

func (s *tokens) Challenge(token, claims string) {
	s.Invalidate(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims = claims
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
				assert.Equal(t, "gzip", r.Header.Get("Accept-Encoding"), "set here, so that the transport does not inflate")
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

// A connection that breaks before the first byte of an answer is no empty answer.
func TestBodyBreaksBeforeItBegins(t *testing.T) {
	rows, err := newTestClient(t, Graph, func(*http.Request) (*http.Response, error) {
		resp := answer(http.StatusOK, nil, "")
		resp.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
		return resp, nil
	}).Query(t.Context(), "T", nil)
	require.NoError(t, err)
	defer rows.Close()
	_, err = drain(rows)
	assert.Equal(t, Interrupted, kindOf(t, err))
}

// A permission that was granted stands only in tokens issued since. They are asked for by the next query,
// so that a missing permission costs no second request.
func TestForbiddenDropsTheToken(t *testing.T) {
	for name, body := range map[string]string{
		"403": `{"error":{"code":"Forbidden","message":"Missing application roles."}}`,
		"200": `{"error":{"code":"Forbidden","message":"Missing application roles."}}`,
	} {
		var seen []string
		client := newTestClient(t, Graph, func(r *http.Request) (*http.Response, error) {
			seen = append(seen, r.Header.Get("Authorization"))
			if len(seen) > 1 {
				return answer(http.StatusOK, nil, `{"results":[]}`), nil
			}
			status, _ := strconv.Atoi(name)
			return answer(status, nil, body), nil
		})
		rows, err := client.Query(t.Context(), "T", nil)
		if err == nil {
			_, err = drain(rows)
			require.NoError(t, rows.Close())
		}
		assert.Equal(t, Forbidden, kindOf(t, err), name)
		assert.Equal(t, []string{"Bearer token-1"}, seen, name)
		rows, err = client.Query(t.Context(), "T", nil)
		require.NoError(t, err, name)
		require.NoError(t, rows.Close())
		assert.Equal(t, []string{"Bearer token-1", "Bearer token-2"}, seen, name)
	}
}

// A redirect is answered by no request: neither its target nor another scheme of the same host sees a token.
func TestNoRedirectIsFollowed(t *testing.T) {
	for _, status := range []int{300, 301, 302, 303, 304, 307, 308} {
		for _, location := range []string{"http://hunting.example/base/v1.0/security/runHuntingQuery", "https://hunting.example/x", "https://login.example/?secret=1", "/x", ""} {
			for name, ask := range map[string]func(*Client) (*Rows, error){
				"query": func(c *Client) (*Rows, error) { return c.Query(t.Context(), "T", nil) },
				"users": func(c *Client) (*Rows, error) { return c.Users(t.Context(), "") },
			} {
				sent := 0
				client := newTestClient(t, Graph, func(*http.Request) (*http.Response, error) {
					if sent++; sent > 1 {
						return answer(http.StatusOK, nil, `{"results":[]}`), nil
					}
					return answer(status, http.Header{"Location": {location}}, ""), nil
				}, func(c *Config) {
					c.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
				})
				_, err := ask(client)
				assert.Equal(t, Unexpected, kindOf(t, err), "%s %d %s", name, status, location)
				assert.Equal(t, 1, sent, "%s %d %s", name, status, location)
				require.ErrorContains(t, err, "no redirect is followed")
				assert.NotContains(t, err.Error(), "secret")
			}
		}
	}
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

	_, err = newTestClient(t, Graph, func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}
	}).Query(t.Context(), "T", nil)
	assert.Equal(t, Transient, kindOf(t, err))
	require.ErrorContains(t, err, "no answer from the hunting API: allow connections to hunting.example:443 in the firewall")
	var unreached *Error
	require.ErrorAs(t, err, &unreached)
	assert.False(t, unreached.MaybeSize)

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
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.MaybeSize)
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
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.MaybeSize)
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
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.False(t, e.MaybeSize)
}

// clockAt is a time some seconds after a fixed one.
func clockAt(s float64) time.Time {
	return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s * float64(time.Second)))
}

// The service is 100.5 s ahead.
func TestServiceClock(t *testing.T) {
	at := clockAt
	var c ServiceClock
	_, known := c.Now(at(0))
	assert.False(t, known)

	c.Observe(at(110.5), at(10), at(10.2)) // the query starts at once
	now, known := c.Now(at(20))
	assert.True(t, known)
	assert.Equal(t, at(120.3), now, "all of the time may have passed before the query started")
	c.Observe(at(130), at(20), at(80))
	now, _ = c.Now(at(20))
	assert.Equal(t, at(120.3), now, "a slow answer tells less and takes nothing away")
	c.Observe(at(130.1), at(29.5), at(29.7))
	now, _ = c.Now(at(20))
	assert.Equal(t, at(120.4), now, "a better one tells more")
	assert.False(t, now.After(at(120.5)))

	// Someone sets the local clock right.
	c.Observe(at(300), at(300), at(300.2))
	now, _ = c.Now(at(301))
	assert.Equal(t, at(300.8), now, "backwards at once")
}

// One odd answer does not move the clock ahead; two that agree do.
func TestServiceClockDoubtsWhatIsAhead(t *testing.T) {
	at := clockAt
	const quick = 0.1
	observe := func(c *ServiceClock, local, ahead float64) float64 {
		c.Observe(at(local+ahead), at(local-quick), at(local))
		now, _ := c.Now(at(local))
		return now.Sub(at(local)).Seconds()
	}
	for name, steps := range map[string][]struct{ ahead, want float64 }{
		"one odd answer":             {{0, 0}, {3600, 0}, {0, 0}, {0, 0}},
		"odd answers now and then":   {{0, 0}, {3600, 0}, {0, 0}, {3600, 0}, {0, 0}},
		"odd answers that differ":    {{0, 0}, {3600, 0}, {1800, 0}, {60, 0}},
		"8 seconds":                  {{0, 0}, {8, 0}, {0, 0}},
		"two that agree":             {{0, 0}, {3600, 0}, {3600, 3600}, {3600, 3600}},
		"two that agree, of three":   {{0, 0}, {60, 0}, {3600, 0}, {3600, 3600}},
		"two that nearly agree":      {{0, 0}, {3600, 0}, {3599.5, 3599.5}},
		"back at once":               {{0, 0}, {3600, 0}, {3600, 3600}, {0, 0}},
		"far back, and forward":      {{0, 0}, {-3600, -3600}, {0, -3600}, {0, 0}},
		"a second":                   {{0, 0}, {1, 1}, {2, 2}},
		"the first one":              {{3600, 3600}},
		"confirmed after an old one": {{0, 0}, {3600, 0}, {-1, -1}, {3600, -1}},
	} {
		t.Run(name, func(t *testing.T) {
			var c ServiceClock
			for i, step := range steps {
				assert.InDelta(t, step.want, observe(&c, float64(10*i), step.ahead), 0.001, "step %d", i)
			}
		})
	}
	// What a slow answer says vaguely is confirmed by what a quick one says within that.
	var resumed ServiceClock
	observe(&resumed, 0, 0)
	resumed.Observe(at(3660), at(10), at(70))
	assert.InDelta(t, 3640, observe(&resumed, 80, 3640), 0.001)

	// A slow first answer leaves much open; within that too, one odd answer moves nothing.
	var c ServiceClock
	c.Observe(at(0), at(0), at(180))
	assert.Zero(t, observe(&c, 190, -10)+180, "no sooner than what was certain")
	assert.InDelta(t, -180, observe(&c, 200, -20), 0.001)
	assert.InDelta(t, -20, observe(&c, 210, -20), 0.001)
}

// The Date header may be a gateway's.
func TestTheClockIsSetByRowsAlone(t *testing.T) {
	local := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	header := http.Header{"Date": {"Sun, 01 Mar 2026 12:00:30 GMT"}}
	sent := 0
	client := newTestClient(t, Graph, func(*http.Request) (*http.Response, error) {
		sent++
		local = local.Add(time.Second)
		if sent == 1 {
			return answer(http.StatusTooManyRequests, header, ""), nil
		}
		return answer(http.StatusOK, header, `{"results":[]}`), nil
	}, func(c *Config) { c.Now = func() time.Time { return local } })
	_, err := client.Query(t.Context(), "T", nil)
	require.Error(t, err)
	rows, err := client.Query(t.Context(), "T", nil)
	require.NoError(t, err)
	defer rows.Close()
	_, known := client.Clock().Now(local)
	assert.False(t, known)

	received := local
	local = local.Add(time.Hour) // the rows take their time
	rows.ObserveNow(received.Add(time.Minute))
	now, known := client.Clock().Now(local)
	assert.True(t, known)
	assert.Equal(t, local.Add(time.Minute), now)
}
