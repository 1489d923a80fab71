package entra

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// microsoft plays Entra ID's own host: one of its paths redirects, the others answer.
type microsoft struct {
	status         int
	path, location string
	seen           []string // URLs asked for
}

func (m *microsoft) RoundTrip(r *http.Request) (*http.Response, error) {
	m.seen = append(m.seen, r.URL.Scheme+"://"+r.URL.Host+r.URL.Path)
	answer := func(status int, body string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
	tenant := "https://login.microsoftonline.com/" + testTenant
	switch {
	case strings.HasSuffix(r.URL.Path, m.path) && r.URL.Host == "login.microsoftonline.com" && r.URL.Scheme == "https" && len(m.seen) < 4:
		resp, err := answer(m.status, "")
		resp.Header.Set("Location", m.location)
		return resp, err
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		return answer(http.StatusOK, `{"tenant_discovery_endpoint":"`+tenant+`/v2.0/.well-known/openid-configuration","api-version":"1.1","metadata":[{`+
			`"preferred_network":"login.microsoftonline.com","preferred_cache":"login.windows.net","aliases":["login.microsoftonline.com"]}]}`)
	case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
		return answer(http.StatusOK, `{"token_endpoint":"`+tenant+`/oauth2/v2.0/token","authorization_endpoint":"`+tenant+`/oauth2/v2.0/authorize","issuer":"`+tenant+`/v2.0"}`)
	default:
		return answer(http.StatusOK, `{"token_type":"Bearer","expires_in":3599,"access_token":"token-1"}`)
	}
}

// No request follows a redirect, so that no secret does.
func TestNoRedirectIsFollowed(t *testing.T) {
	for _, path := range []string{"/discovery/instance", "/openid-configuration", "/token"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, location := range []string{
				"http://login.microsoftonline.com/" + testTenant + "/oauth2/v2.0/token", "https://portal.example/login?secret=1", "/elsewhere",
			} {
				m := &microsoft{status: status, path: path, location: location}
				hc := &http.Client{Transport: m, CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
				c := Credentials{TenantID: testTenant, ClientID: testClient, ClientSecret: testSecret}
				s, err := NewSource(c, hc, testScope, zap.NewNop())
				require.NoError(t, err)
				_, err = s.Token(t.Context())
				name := fmt.Sprintf("%s %d %s", path, status, location)
				assert.True(t, slices.ContainsFunc(m.seen, func(asked string) bool { return strings.HasSuffix(asked, path) }), "%s: %s", name, m.seen)
				for _, asked := range m.seen {
					assert.True(t, strings.HasPrefix(asked, "https://login.microsoftonline.com/"), asked)
				}
				if err == nil && path == "/discovery/instance" {
					continue // MSAL does without what it does not get
				}
				assert.Equal(t, Transient, kindOf(t, err), name)
				require.ErrorContains(t, err, "no redirect is followed", name)
				assert.NotContains(t, err.Error(), "secret=1", name)
			}
		}
	}
}

func TestNoRedirectOfTheIdentityEndpointIsFollowed(t *testing.T) {
	followed := 0
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
	defer target.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, target.URL, status)
		}))
		defer endpoint.Close()
		t.Setenv("IDENTITY_ENDPOINT", endpoint.URL)
		t.Setenv("IDENTITY_HEADER", "header-secret")
		s, err := NewSource(Credentials{ManagedIdentity: true, ClientID: rand.Text()}, http.DefaultClient, testScope, zap.NewNop())
		require.NoError(t, err)
		_, err = s.Token(t.Context())
		require.ErrorContains(t, err, "no redirect is followed")
	}
	assert.Zero(t, followed)
}

// What is not Entra ID's own answer is told from a refusal of the credentials.
func TestAnswersOfOthers(t *testing.T) {
	const page = "<html><title>Blocked by policy</title></html>"
	for name, tt := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"block page":    {403, page, "login or block page"},
		"login page":    {200, page, "something else answers"},
		"other service": {404, `{"message":"no route"}`, "something else answers"},
		"proxy":         {407, page, "the proxy wants a login"},
		"outage":        {503, page, ""},
	} {
		l := newLogin(t)
		l.answer = func(w http.ResponseWriter, _ url.Values, _ int) {
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}
		s, _ := l.source(t, nil)
		_, err := s.Token(t.Context())
		assert.Equal(t, Transient, kindOf(t, err), name)
		var e *Error
		require.ErrorAs(t, err, &e)
		if tt.want == "" {
			assert.Empty(t, e.Advice)
			continue
		}
		assert.Contains(t, e.Advice, tt.want, name)
		if name != "proxy" {
			assert.Contains(t, e.Advice, strings.TrimPrefix(l.URL, "https://"), name)
		}
	}
}

func TestUnreachableHostsAreNamed(t *testing.T) {
	refused := httptest.NewServer(nil)
	refused.Close()
	c := Credentials{TenantID: testTenant, ClientID: testClient, ClientSecret: testSecret, Authority: "https://" + strings.TrimPrefix(refused.URL, "http://")}
	s, err := NewSource(c, &http.Client{Transport: &http.Transport{}}, testScope, zap.NewNop())
	require.NoError(t, err)
	_, err = s.Token(t.Context())
	assert.Equal(t, Transient, kindOf(t, err))
	require.ErrorContains(t, err, "allow connections to "+strings.TrimPrefix(refused.URL, "http://"))
	require.ErrorContains(t, err, "proxy_url")

	t.Setenv("IDENTITY_ENDPOINT", refused.URL)
	t.Setenv("IDENTITY_HEADER", "x")
	s, err = NewSource(Credentials{ManagedIdentity: true, ClientID: rand.Text()}, http.DefaultClient, testScope, zap.NewNop())
	require.NoError(t, err)
	_, err = s.Token(t.Context())
	require.ErrorContains(t, err, "managed identity")
	assert.NotContains(t, err.Error(), "proxy_url", "no proxy reaches it")
}
