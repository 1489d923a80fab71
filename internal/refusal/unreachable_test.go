package refusal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listen serves each connection with talk and returns the address.
func listen(t *testing.T, talk func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			talk(conn)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// answering reads the beginning of a request and writes text.
func answering(text string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, text)
	}
}

// closedPort is an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestUnreachable(t *testing.T) {
	trusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(trusted.Close)
	pool := x509.NewCertPool()
	pool.AddCert(trusted.Certificate())
	address := trusted.Listener.Addr().String()
	closed := closedPort(t)
	at := func(when time.Time) *tls.Config {
		return &tls.Config{RootCAs: pool, Time: func() time.Time { return when }}
	}
	for name, tt := range map[string]struct {
		url, proxy string
		tls        *tls.Config
		want       []string
		not        string
	}{
		"refused":             {url: "https://" + closed, want: []string{"allow connections to " + closed, "proxy_url"}},
		"name":                {url: "https://no-such-host.invalid/x", want: []string{"the name no-such-host.invalid could not be looked up", "'endpoint'", "proxy_url"}, not: ":443"},
		"proxy is not there":  {url: "https://graph.example", proxy: "http://" + closed, want: []string{"the proxy cannot be reached: check proxy_url"}},
		"proxy's name":        {url: "https://graph.example", proxy: "http://no-such-proxy.invalid", want: []string{"the proxy cannot be reached: check proxy_url"}},
		"proxy wants a login": {url: "https://graph.example", proxy: "http://" + listen(t, answering("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")), want: []string{"the proxy wants a login"}},
		"proxy refuses":       {url: "https://graph.example", proxy: "http://" + listen(t, answering("HTTP/1.1 403 Forbidden\r\n\r\n")), want: []string{"the proxy opens no connection to graph.example:443"}},
		"unknown CA":          {url: "https://" + address, want: []string{"tls::ca_file", "proxy which opens TLS"}},
		"another's name":      {url: "https://" + address, tls: &tls.Config{RootCAs: pool, ServerName: "graph.microsoft.example"}, want: []string{"is not that of 127.0.0.1", "'endpoint'"}},
		"clock":               {url: "https://" + address, tls: at(time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)), want: []string{"this machine's clock"}},
		"no TLS":              {url: "https://" + listen(t, answering("HTTP/1.1 400 Bad Request\r\n\r\n")), want: []string{"does not speak TLS"}},
		"no TLS, no HTTP":     {url: "https://" + listen(t, answering("220 mail\r\n")), want: []string{"does not speak TLS"}},
		"TLS version":         {url: "https://" + address, tls: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10}, want: []string{"no TLS connection to " + address}},
		"broken":              {url: "https://" + listen(t, func(net.Conn) {}), want: []string{"firewall, proxy"}},
	} {
		t.Run(name, func(t *testing.T) {
			transport := &http.Transport{TLSClientConfig: tt.tls, DisableKeepAlives: true}
			if tt.proxy != "" {
				proxy, err := url.Parse(tt.proxy)
				require.NoError(t, err)
				transport.Proxy = http.ProxyURL(proxy)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, http.NoBody)
			require.NoError(t, err)
			resp, err := (&http.Client{Transport: transport}).Do(req)
			if err == nil {
				require.NoError(t, resp.Body.Close())
			}
			require.Error(t, err)
			advice := Unreachable(err, "endpoint")
			for _, want := range tt.want {
				assert.Contains(t, advice, want, err)
			}
			if tt.not != "" {
				assert.NotContains(t, advice, tt.not)
			}
		})
	}
}

// Time and cancelled requests are nobody's fault to mend.
func TestUnreachableSaysNothingWhereOnlyWaitingHelps(t *testing.T) {
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded, errors.Join(errors.New("x"), context.DeadlineExceeded)} {
		assert.Empty(t, Unreachable(&url.Error{Op: "Post", URL: "https://graph.example", Err: cause}, "endpoint"))
	}
	assert.Empty(t, Unreachable(errors.New("of another kind"), "endpoint"))
}

func TestRedirectedNamesTheHostAlone(t *testing.T) {
	advice := Redirected("https://portal.example/login?user=jane&token=abc", "graph.example", "endpoint")
	assert.Contains(t, advice, "redirects to https://portal.example,")
	assert.NotContains(t, advice, "jane")
	for _, location := range []string{"", "/login", ":"} {
		assert.Contains(t, Redirected(location, "graph.example", "endpoint"), "redirects to another place")
	}
	assert.Contains(t, Unreachable(&url.Error{URL: "https://graph.example", Err: errors.New(`failed to parse Location header ":"`)}, "endpoint"), "redirects to another place")
}

func TestStayingLeavesTheClientAsItIs(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer server.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("asked") }, Timeout: time.Minute}
	get := func(c *http.Client) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		require.NoError(t, err)
		resp, err := c.Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	staying := Staying(client)
	status, err := get(staying)
	require.NoError(t, err)
	assert.Equal(t, http.StatusFound, status)
	assert.Equal(t, time.Minute, staying.Timeout)
	_, err = get(client)
	require.ErrorContains(t, err, "asked")
}
