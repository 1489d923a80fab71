package entra

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
)

// Challenge revokes all tokens so far, as continuous access evaluation does, and gives the answer that says so. A token
// that is asked for with the challenge's claims is accepted, and those that come after it.
func (t *Tokens) Challenge() *answer.Failure {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.demanded++
	return t.challenge()
}

// challenge is the answer to a token of an earlier era. The caller holds t.mu.
func (t *Tokens) challenge() *answer.Failure {
	claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, t.demanded)
	failure := answer.Unauthorized("Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp")
	failure.Outcome = "401 claims challenge"
	failure.Challenge = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ` +
		`error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
	return failure
}

// enter begins the era that the APIs demand if a token request asks for the claims of the challenge. capable: the client says
// that it answers challenges. The caller holds t.mu.
func (t *Tokens) enter(asked string) (capable bool) {
	var claims struct {
		AccessToken struct {
			NotBefore struct {
				Value string `json:"value"`
			} `json:"nbf"`
			Capabilities struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(asked), &claims) != nil {
		return false
	}
	if claims.AccessToken.NotBefore.Value == strconv.Itoa(t.demanded) {
		t.era = t.demanded
	}
	return slices.Contains(claims.AccessToken.Capabilities.Values, capability)
}

// grant issues a token to a client that asks for it with claims.
func (t *Tokens) grant(audience, claims string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.issue(audience, t.enter(claims))
}

// renew issues a token to a client that cannot answer challenges: it is of the era that the APIs demand.
func (t *Tokens) renew(audience string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.era = t.demanded
	return t.issue(audience, false)
}
