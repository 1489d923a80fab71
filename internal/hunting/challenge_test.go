package hunting

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	wanted     = `{"access_token":{"nbf":{"essential":true,"value":"1702682181"},"x":"??>>"}}`
	beforeThem = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize, Basic realm=", error="insufficient_claims", `
)

func TestChallenge(t *testing.T) {
	standard, web := base64.StdEncoding.EncodeToString([]byte(wanted)), base64.RawURLEncoding.EncodeToString([]byte(wanted))
	require.Contains(t, web, "_", "the alphabets differ here")
	for name, tt := range map[string]struct {
		headers []string
		want    string
	}{
		"as Graph sends it":        {[]string{beforeThem + `claims="` + standard + `"`}, wanted},
		"in the other alphabet":    {[]string{beforeThem + `claims="` + web + `"`}, wanted},
		"names in capitals":        {[]string{`bearer ERROR="insufficient_claims", Claims="` + standard + `"`}, wanted},
		"without quotes":           {[]string{`Bearer error=insufficient_claims, claims=` + web}, wanted},
		"behind another scheme":    {[]string{`Basic realm="x", Bearer error="insufficient_claims", claims="` + standard + `"`}, wanted},
		"before another scheme":    {[]string{`Bearer error="insufficient_claims", claims="` + standard + `", PoP error="x", claims="e30="`}, wanted},
		"in the second header":     {[]string{`Basic realm="x"`, `Bearer error="insufficient_claims", claims="` + standard + `"`}, wanted},
		"an expired token":         {[]string{`Bearer realm="", error="invalid_token"`}, ""},
		"claims of another error":  {[]string{`Bearer error="invalid_token", claims="` + standard + `"`}, ""},
		"claims of another scheme": {[]string{`PoP error="insufficient_claims", claims="` + standard + `"`}, ""},
		"no claims":                {[]string{`Bearer error="insufficient_claims"`}, ""},
		"no base64":                {[]string{`Bearer error="insufficient_claims", claims="{}"`}, ""},
		"an open quote":            {[]string{`Bearer error="insufficient_claims", claims="` + standard}, ""},
		"nothing":                  {nil, ""},
	} {
		assert.Equal(t, tt.want, challenge(http.Header{"Www-Authenticate": tt.headers}), name)
	}
}

func TestAChallengeIsAnsweredWithATokenOfItsClaims(t *testing.T) {
	source, seen := &tokens{}, []string{}
	service := func(req *http.Request) (*http.Response, error) {
		seen = append(seen, req.Header.Get("Authorization"))
		if len(seen) == 1 {
			return answer(http.StatusUnauthorized, http.Header{
				"Www-Authenticate": {beforeThem + `claims="` + base64.StdEncoding.EncodeToString([]byte(wanted)) + `"`},
			}, `{"error":{"code":"InvalidAuthenticationToken","message":"Continuous access evaluation resulted in challenge"}}`), nil
		}
		return answer(http.StatusOK, nil, `{"results":[]}`), nil
	}
	rows, err := newTestClient(t, Graph, service, func(c *Config) { c.Tokens = source }).Query(t.Context(), "T", nil)
	require.NoError(t, err)
	require.NoError(t, rows.Close())
	assert.Equal(t, []string{"Bearer token-1", "Bearer token-2"}, seen)
	assert.JSONEq(t, wanted, source.claims)
}

// An authentication extension of the Collector's sets the header by itself.
func TestWithoutATokenSource(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		calls := 0
		client := newTestClient(t, Graph, func(req *http.Request) (*http.Response, error) {
			calls++
			assert.Empty(t, req.Header.Values("Authorization"))
			return answer(status, nil, `{"error":{"code":"x","message":"y"}}`), nil
		}, func(c *Config) { c.Tokens = nil })
		_, err := client.Query(t.Context(), "T", nil)
		var refused *Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, 1, calls, "there is no other token to try")
		if status == http.StatusUnauthorized {
			assert.Contains(t, refused.Advice, "the extension that 'auth' names")
		}
	}
}
