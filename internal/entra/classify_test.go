package entra

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func kindOf(t *testing.T, err error) Kind {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	return e.Kind
}

func TestRefusalsSayWhatToChange(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		error  string
		code   int
		kind   Kind
		want   string
	}{
		"wrong secret":     {401, "invalid_client", 7000215, BadCredentials, "use the secret's value, not its id"},
		"expired secret":   {401, "invalid_client", 7000222, BadCredentials, "has expired"},
		"unknown app":      {400, "unauthorized_client", 700016, BadCredentials, "check client_id"},
		"wrong cert":       {401, "invalid_client", 700027, BadCredentials, "certificate"},
		"clock":            {401, "invalid_client", 700024, BadCredentials, "clock"},
		"wrong scope":      {400, "invalid_scope", 70011, BadCredentials, "check cloud and api"},
		"unknown resource": {400, "invalid_resource", 500011, BadCredentials, "check cloud and api"},
		"code not listed":  {400, "invalid_client", 999999, BadCredentials, "refuses the credentials"},
		"passing code":     {400, "invalid_request", 90033, Transient, "AADSTS90033"},
		"outage":           {503, "temporarily_unavailable", 7000215, Transient, "status 503"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLogin(t)
			l.answer = func(w http.ResponseWriter, form url.Values, _ int) {
				// A service that quotes what it was sent must not bring it into the log.
				refuse(w, tt.status, tt.error, tt.code, "Provided: "+form.Get("client_secret")+".")
			}
			s, logs := l.source(t, nil)
			_, err := s.Token(t.Context())
			var e *Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tt.kind, e.Kind)
			assert.Equal(t, []int{tt.code}, e.Codes)
			assert.Equal(t, "c-1", e.CorrelationID)
			assert.ErrorContains(t, err, tt.want)
			assert.NotContains(t, fmt.Sprintf("%+v %#v", err, e), testSecret)
			assert.NotContains(t, err.Error(), "Trace ID")
			assert.Empty(t, logs.All())
		})
	}
}

// Each code that an operator can do something about says what: it names what is wrong, and a setting or a place to mend it.
func TestEachCodeHasItsAdvice(t *testing.T) {
	for code, reason := range reasons {
		l := newLogin(t)
		l.answer = func(w http.ResponseWriter, _ url.Values, _ int) {
			refuse(w, http.StatusBadRequest, "invalid_request", code, "Entra's own words.")
		}
		s, _ := l.source(t, nil)
		_, err := s.Token(t.Context())
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, reason.kind, e.Kind, code)
		assert.Equal(t, reason.advice, e.Advice, code)
		assert.Equal(t, e.Kind == Transient, e.Advice == "", "%d: what passes needs nobody", code)
		if e.Kind == BadCredentials {
			assert.Regexp(t, "app registration|tenant|check|wrong", e.Advice, code)
			assert.NotContains(t, e.Advice, "AADSTS", code)
		}
	}
}

func TestUnknownTenant(t *testing.T) {
	l := newLogin(t)
	s, _ := l.source(t, func(c *Credentials) { c.TenantID = "nowhere" })
	_, err := s.Token(t.Context())
	assert.Equal(t, BadCredentials, kindOf(t, err))
	assert.ErrorContains(t, err, "the tenant does not exist")
}

func TestThrottlingAndOutagesPass(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		l := newLogin(t)
		l.answer = func(w http.ResponseWriter, _ url.Values, number int) {
			if number == 1 {
				w.Header().Set("Retry-After", "17")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "<html>busy</html>")
				return
			}
			grant(w, number)
		}
		s, _ := l.source(t, nil)
		_, err := s.Token(t.Context())
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, Transient, e.Kind)
		assert.Equal(t, status, e.Status)
		assert.Equal(t, 17*time.Second, e.RetryAfter)
		assert.Len(t, l.requests(), 1, "when to try again is the caller's decision")
		assert.Equal(t, "token-2", token(t, s))
	}
}

// MSAL quotes an answer that it cannot read, token and all.
func TestBrokenAnswersAreNotQuoted(t *testing.T) {
	const leaked = "opaque-access-token-value"
	for name, body := range map[string]string{
		"cut":          `{"token_type":"Bearer","access_token":"` + leaked + `","expires_in":3`,
		"no expiry":    `{"token_type":"Bearer","access_token":"` + leaked + `"}`,
		"odd expiry":   `{"token_type":"Bearer","access_token":"` + leaked + `","expires_in":"soon"}`,
		"odd type":     `{"token_type":7,"access_token":["` + leaked + `"],"expires_in":3599}`,
		"text":         leaked,
		"no token":     `{"expires_in":3599,"id_token":"` + leaked + `"}`,
		"too large":    `{"access_token":"` + leaked + strings.Repeat("x", maxAnswerBytes) + `","expires_in":3599}`,
		"error object": `{"error":{"access_token":"` + leaked + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			l := newLogin(t)
			status := http.StatusOK
			if name == "error object" {
				status = http.StatusBadRequest
			}
			l.answer = func(w http.ResponseWriter, _ url.Values, _ int) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}
			s, logs := l.source(t, nil)
			_, err := s.Token(t.Context())
			assert.Equal(t, Transient, kindOf(t, err))
			for e := err; e != nil; {
				assert.NotContains(t, fmt.Sprintf("%v %+v %#v", e, e, e), leaked)
				unwrapper, ok := e.(interface{ Unwrap() error })
				if !ok {
					break
				}
				e = unwrapper.Unwrap()
			}
			assert.Empty(t, logs.All())
		})
	}
}

func TestUnreachableAndCancelled(t *testing.T) {
	l := newLogin(t)
	s, _ := l.source(t, nil)
	l.answer = func(_ http.ResponseWriter, _ url.Values, _ int) { panic(http.ErrAbortHandler) }
	_, err := s.Token(t.Context())
	assert.Equal(t, Transient, kindOf(t, err))

	untrusting := *l.Client()
	untrusting.Transport = &http.Transport{DisableKeepAlives: true}
	c := s.credentials
	distrusting, err := NewSource(c, &untrusting, testScope, s.logger)
	require.NoError(t, err)
	_, err = distrusting.Token(t.Context())
	assert.Equal(t, Transient, kindOf(t, err))
	require.ErrorContains(t, err, "certificate")

	ctx, cancel := context.WithCancel(t.Context())
	arrived, release := make(chan struct{}), make(chan struct{})
	l.answer = func(http.ResponseWriter, url.Values, int) { close(arrived); <-release }
	go func() { <-arrived; cancel() }()
	_, err = s.Token(ctx)
	close(release)
	require.ErrorIs(t, err, context.Canceled)
}
