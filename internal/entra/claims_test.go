package entra

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadClaims(t *testing.T) {
	claims, err := ReadClaims(jwtOf(`{"aud":"https://graph.microsoft.com","tid":"t","appid":"a","roles":["ThreatHunting.Read.All"],"iat":1700000000,"exp":1700003600}`))
	require.NoError(t, err)
	assert.Equal(t, Claims{
		Audience: "https://graph.microsoft.com", TenantID: "t", AppID: "a", Roles: []string{"ThreatHunting.Read.All"},
		IssuedAt: time.Unix(1700000000, 0), Expires: time.Unix(1700003600, 0),
	}, claims)
	for _, opaque := range []string{"", "opaque", "a.b.c", "EwBQA8l6BAAU"} {
		_, err := ReadClaims(opaque)
		require.ErrorContains(t, err, "only the API that it is for can", opaque)
	}
}

// asked are the parts of a token request's claims.
func asked(t *testing.T, form url.Values) map[string]any {
	t.Helper()
	var claims struct {
		AccessToken map[string]any `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(form.Get("claims")), &claims))
	return claims.AccessToken
}

func TestAChallengeIsCarriedUntilATokenWasHad(t *testing.T) {
	l := newLogin(t)
	s, _ := l.source(t, nil)
	first := token(t, s)
	assert.Contains(t, asked(t, l.requests()[0]), "xms_cc", "that challenges are answered is declared")
	assert.NotContains(t, asked(t, l.requests()[0]), "nbf")

	l.answer = func(w http.ResponseWriter, _ url.Values, number int) {
		if number == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		grant(w, number)
	}
	s.Challenge("another", `{"access_token":{"nbf":{"value":"0"}}}`)
	assert.Equal(t, first, token(t, s), "an old token's challenge says nothing about this one")
	s.Challenge(first, `{"access_token":{"nbf":{"essential":true,"value":"17"}}}`)
	_, err := s.Token(t.Context())
	require.Error(t, err)
	assert.Equal(t, "token-3", token(t, s))
	for _, form := range l.requests()[1:] {
		assert.Equal(t, map[string]any{"essential": true, "value": "17"}, asked(t, form)["nbf"])
		assert.Contains(t, asked(t, form), "xms_cc")
	}
	assert.Equal(t, "token-3", token(t, s), "it is kept like any other")
	s.Invalidate("token-3")
	assert.Equal(t, "token-4", token(t, s))
	assert.NotContains(t, asked(t, l.requests()[3]), "nbf", "it was answered")

	s.Challenge("token-4", "no JSON")
	assert.Equal(t, "token-5", token(t, s), "a plain new token is the best that can be done")
}

func TestExpiryOfASecret(t *testing.T) {
	l := newLogin(t)
	s, _ := l.source(t, nil)
	_, known := s.Expiry()
	assert.False(t, known)
	end := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	s, _ = l.source(t, func(c *Credentials) { c.Expires = end })
	got, known := s.Expiry()
	assert.True(t, known)
	assert.Equal(t, end, got)
}
