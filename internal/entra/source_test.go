package entra

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

func token(t *testing.T, s *Source) string {
	t.Helper()
	got, err := s.Token(t.Context())
	require.NoError(t, err)
	return got
}

func TestTokenIsCached(t *testing.T) {
	l := newLogin(t)
	s, _ := l.source(t, nil)
	assert.Equal(t, "token-1", token(t, s))
	assert.Equal(t, "token-1", token(t, s))
	require.Len(t, l.requests(), 1)
	form := l.requests()[0]
	assert.Equal(t, testClient, form.Get("client_id"))
	assert.Equal(t, testSecret, form.Get("client_secret"))
	assert.Contains(t, form.Get("scope"), testScope)
	assert.Equal(t, "client_credentials", form.Get("grant_type"))
}

func TestColdCallersShareOneRequest(t *testing.T) {
	l := newLogin(t)
	arrived, goOn := make(chan struct{}, 20), make(chan struct{})
	l.answer = func(w http.ResponseWriter, _ url.Values, number int) {
		arrived <- struct{}{}
		<-goOn
		grant(w, number)
	}
	s, _ := l.source(t, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			got, err := s.Token(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, "token-1", got)
		})
	}
	<-arrived
	close(goOn)
	wg.Wait()
	assert.Len(t, l.requests(), 1)
}

// A wrong secret must not be tried once for every table: each try is a failed sign-in in its logs.
func TestWaitingCallersShareAFailure(t *testing.T) {
	l := newLogin(t)
	goOn := make(chan struct{})
	l.answer = func(w http.ResponseWriter, _ url.Values, _ int) {
		<-goOn
		refuse(w, http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client secret provided.")
	}
	s, _ := l.source(t, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := s.Token(t.Context())
			assert.ErrorContains(t, err, "use the secret's value")
		})
	}
	assert.Eventually(t, func() bool {
		s.flights.mu.Lock()
		defer s.flights.mu.Unlock()
		return s.flights.current != nil && s.flights.current.waiters == 20
	}, 10*time.Second, time.Millisecond)
	close(goOn)
	wg.Wait()
	assert.Len(t, l.requests(), 1)
}

func TestTheMachinesOwnEndpointIsReachedWithoutAProxy(t *testing.T) {
	transport, ok := localClient().Transport.(*http.Transport)
	require.True(t, ok)
	assert.Nil(t, transport.Proxy)
}

func TestFlights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		calls, ended := 0, 0
		call := func(ctx context.Context) (string, error) {
			calls++
			<-ctx.Done()
			ended++
			return "", ctx.Err()
		}
		first, cancelFirst := context.WithCancel(t.Context())
		second, cancelSecond := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		for _, ctx := range []context.Context{first, second} {
			go func() { _, err := f.do(ctx, call); errs <- err }()
		}
		synctest.Wait()
		assert.Equal(t, 1, calls)
		cancelFirst()
		assert.ErrorIs(t, <-errs, context.Canceled)
		synctest.Wait()
		assert.Zero(t, ended, "one still waits")
		cancelSecond()
		assert.ErrorIs(t, <-errs, context.Canceled)
		assert.Equal(t, 1, ended, "the last one sees the call end")

		got, err := f.do(t.Context(), func(context.Context) (string, error) { return "next", nil })
		assert.NoError(t, err)
		assert.Equal(t, "next", got, "a cancelled call is not joined")
	})
}

func TestInvalidate(t *testing.T) {
	l := newLogin(t)
	s, _ := l.source(t, nil)
	s.Invalidate(token(t, s))
	assert.Equal(t, "token-2", token(t, s))
	assert.Equal(t, "token-2", token(t, s))
	s.Invalidate("token-1")
	assert.Equal(t, "token-2", token(t, s), "an old token's failure says nothing about the new one")

	s.Invalidate("token-2")
	l.answer = func(w http.ResponseWriter, _ url.Values, number int) {
		if number == 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		grant(w, number)
	}
	_, err := s.Token(t.Context())
	require.Error(t, err)
	assert.Equal(t, "token-4", token(t, s), "still refused after a failed renewal")
}

func TestSecretFileRotatesWithoutARestart(t *testing.T) {
	l := newLogin(t)
	file := inDir(t)("secret")
	write(t, file, "first\r\n")
	s, logs := l.source(t, func(c *Credentials) { c.ClientSecret, c.ClientSecretFile = "", file })
	assert.Equal(t, "token-1", token(t, s))
	write(t, file, "second")
	assert.Equal(t, "token-2", token(t, s))
	assert.Equal(t, "token-2", token(t, s))
	require.Len(t, l.requests(), 2)
	assert.Equal(t, "first", l.requests()[0].Get("client_secret"))
	assert.Equal(t, "second", l.requests()[1].Get("client_secret"))

	// While the file is being swapped, the token at hand is good enough.
	require.NoError(t, os.Remove(file))
	unreadable := func() int { return logs.FilterMessageSnippet("Cannot read the credentials").Len() }
	for range 3 {
		assert.Equal(t, "token-2", token(t, s))
	}
	assert.Equal(t, 1, unreadable(), "each cause is told once")
	write(t, file, "")
	assert.Equal(t, "token-2", token(t, s))
	assert.Equal(t, 2, unreadable(), "it is empty now")
	write(t, file, "second")
	assert.Equal(t, "token-2", token(t, s))
	require.NoError(t, os.Remove(file))
	assert.Equal(t, "token-2", token(t, s))
	assert.Equal(t, 3, unreadable(), "it could be read in between")
	s.Invalidate("token-2")
	l.answer = func(w http.ResponseWriter, _ url.Values, _ int) {
		refuse(w, http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client secret provided.")
	}
	_, err := s.Token(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "client_secret_file")
}

func TestCertificate(t *testing.T) {
	l := newLogin(t)
	at := inDir(t)
	for name, c := range map[string]Credentials{
		"two files": {CertFile: at("cert.pem"), KeyFile: at("key.pem")},
		"one file":  {CertFile: at("both.pem")},
	} {
		t.Run(name, func(t *testing.T) {
			newCertificate(t, c.CertFile, c.KeyFile)
			s, _ := l.source(t, func(set *Credentials) { set.ClientSecret, set.CertFile, set.KeyFile = "", c.CertFile, c.KeyFile })
			first := token(t, s)
			form := l.requests()[len(l.requests())-1]
			assert.Equal(t, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", form.Get("client_assertion_type"))
			header := assertionHeader(t, form.Get("client_assertion"))
			assert.Equal(t, "PS256", header["alg"])
			assert.NotEmpty(t, header["x5c"])

			newCertificate(t, c.CertFile, c.KeyFile)
			assert.NotEqual(t, first, token(t, s), "a renewed certificate is used")
		})
	}
}

func TestFederatedTokenFile(t *testing.T) {
	l := newLogin(t)
	file := inDir(t)("token")
	write(t, file, "assertion-1\n")
	s, _ := l.source(t, func(c *Credentials) { c.ClientSecret, c.FederatedTokenFile = "", file })
	first := token(t, s)
	write(t, file, "assertion-2")
	assert.Equal(t, first, token(t, s), "the token lives longer than the assertion")
	s.Invalidate(first)
	token(t, s)
	require.Len(t, l.requests(), 2)
	assert.Equal(t, "assertion-1", l.requests()[0].Get("client_assertion"))
	assert.Equal(t, "assertion-2", l.requests()[1].Get("client_assertion"))

	require.NoError(t, os.Remove(file))
	s.Invalidate("token-2")
	_, err := s.Token(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Equal(t, BadCredentials, kindOf(t, err))
}

func TestManagedIdentity(t *testing.T) {
	var queries []url.Values
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.Query())
		assert.Equal(t, "header-secret", r.Header.Get("X-IDENTITY-HEADER"))
		grant(w, len(queries))
	}))
	defer endpoint.Close()
	t.Setenv("IDENTITY_ENDPOINT", endpoint.URL)
	t.Setenv("IDENTITY_HEADER", "header-secret")

	// MSAL's cache is the process's, so the identity is this run's own.
	id := rand.Text()
	s, err := NewSource(Credentials{ManagedIdentity: true, ClientID: id}, http.DefaultClient, testScope, zap.NewNop())
	require.NoError(t, err)
	assert.Equal(t, "token-1", token(t, s))
	assert.Equal(t, "token-1", token(t, s))
	s.Invalidate("token-1")
	assert.Equal(t, "token-2", token(t, s))
	require.Len(t, queries, 2)
	assert.Equal(t, strings.TrimSuffix(testScope, "/.default"), queries[0].Get("resource"))
	assert.Equal(t, id, queries[0].Get("client_id"))
}

func TestSettingsThatCannotWork(t *testing.T) {
	at := inDir(t)
	write(t, at("empty"), "\n")
	write(t, at("noise"), "no PEM")
	for name, tt := range map[string]struct {
		change func(*Credentials)
		want   string
	}{
		"no secret":     {func(c *Credentials) { c.ClientSecret = "" }, "client_secret"},
		"no tenant":     {func(c *Credentials) { c.TenantID = "" }, "tenant_id"},
		"odd tenant":    {func(c *Credentials) { c.TenantID = "a/b" }, "tenant_id"},
		"plain http":    {func(c *Credentials) { c.Authority = "http://login.example" }, "authority"},
		"no host":       {func(c *Credentials) { c.Authority = "login.example" }, "authority"},
		"missing file":  {func(c *Credentials) { c.ClientSecretFile = at("none") }, "client_secret_file"},
		"empty file":    {func(c *Credentials) { c.ClientSecretFile = at("empty") }, "is empty"},
		"no cert":       {func(c *Credentials) { c.CertFile = at("noise") }, "client_certificate"},
		"no key's file": {func(c *Credentials) { c.CertFile, c.KeyFile = at("noise"), at("none") }, "key_file"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Credentials{TenantID: testTenant, ClientID: testClient, ClientSecret: testSecret}
			tt.change(&c)
			_, err := NewSource(c, http.DefaultClient, testScope, zap.NewNop())
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), testSecret)
		})
	}
}

func TestAuthority(t *testing.T) {
	for scope, want := range map[string]string{
		"https://graph.microsoft.com/.default":    "https://login.microsoftonline.com/t",
		"https://graph.microsoft.us/.default":     "https://login.microsoftonline.us/t",
		"https://dod-graph.microsoft.us/.default": "https://login.microsoftonline.us/t",
	} {
		got, microsoft, err := (&Credentials{TenantID: "t"}).authority(scope)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.True(t, microsoft)
	}
	got, microsoft, err := (&Credentials{TenantID: "t", Authority: "https://127.0.0.1:8443/"}).authority("")
	require.NoError(t, err)
	assert.Equal(t, "https://127.0.0.1:8443/t", got)
	assert.False(t, microsoft, "no discovery on the internet")
}
