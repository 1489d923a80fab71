package entra

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
)

// capability is what a client declares that answers challenges.
const capability = "CP1"

// Challenge revokes all tokens so far, as continuous access evaluation does, and gives the answer that says so. A token
// that is asked for with the challenge's claims is accepted, and those that come after it.
func (e *Entra) Challenge() *answer.Failure {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.demanded++
	return e.challenge()
}

// challenge is the answer to a token of an earlier era. The caller holds e.mu.
func (e *Entra) challenge() *answer.Failure {
	claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, e.demanded)
	failure := answer.Unauthorized("Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp")
	failure.Outcome = "401 claims challenge"
	failure.Challenge = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ` +
		`error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
	return failure
}

// enter begins the era that the APIs demand if a token request has the claims of the challenge. capable: the client says
// that it answers challenges. The caller holds e.mu.
func (e *Entra) enter(r *http.Request) (capable bool) {
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
	if json.Unmarshal([]byte(r.PostForm.Get("claims")), &claims) != nil {
		return false
	}
	if claims.AccessToken.NotBefore.Value == strconv.Itoa(e.demanded) {
		e.era = e.demanded
	}
	return slices.Contains(claims.AccessToken.Capabilities.Values, capability)
}
