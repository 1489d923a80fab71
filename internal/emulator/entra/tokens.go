package entra

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
)

// accessClaims are those of Entra ID's claims that the APIs look at.
type accessClaims struct {
	jwt.RegisteredClaims
	AppID    string   `json:"appid"`
	TenantID string   `json:"tid"`
	Roles    []string `json:"roles,omitempty"`
	// Capabilities are those that the client has declared.
	Capabilities []string `json:"xms_cc,omitempty"`
	Era          int      `json:"era,omitempty"`
}

// issue signs a token for audience; capable: its client answers challenges. The caller holds e.mu.
func (e *Entra) issue(audience string, capable bool) (string, error) {
	now := e.now()
	var capabilities []string
	if capable {
		capabilities = []string{capability}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			ID:        rand.Text(),
			Issuer:    "https://sts.windows.net/" + e.tenantID + "/",
			Audience:  jwt.ClaimStrings{audience},
			IssuedAt:  jwt.NewNumericDate(now),
			NotBefore: jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(e.lifetime)),
		},
		AppID: e.clientID, TenantID: e.tenantID, Roles: e.roles, Capabilities: capabilities, Era: e.era,
	}).SignedString(e.signingKey)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// Authorize checks the request's token for an API; nil means that it may pass.
func (e *Entra) Authorize(r *http.Request, audience, role string) *answer.Failure {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.Count(token, ".") != 2 {
		return answer.Unauthorized("Access token is missing or malformed.")
	}
	e.mu.Lock()
	key := e.signingKey
	e.mu.Unlock()

	var claims accessClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithTimeFunc(e.now),
		jwt.WithAudience(audienceAt(r.Host, audience)), jwt.WithExpirationRequired(), jwt.WithLeeway(0*time.Second))
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return answer.Unauthorized("Access token is missing or malformed.")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return answer.Unauthorized("Access token validation failure. Invalid signature.")
	case errors.Is(err, jwt.ErrTokenExpired):
		return answer.Unauthorized(answer.TextTokenExpired)
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return answer.Unauthorized("Access token validation failure. Invalid audience.")
	case err != nil:
		return answer.Unauthorized("Access token validation failure.")
	}
	if failure := e.checkEra(&claims); failure != nil {
		return failure
	}
	if !slices.Contains(claims.Roles, role) {
		return &answer.Failure{
			Status: http.StatusForbidden, Code: "Forbidden", Outcome: "403 missing role",
			Message: fmt.Sprintf("Missing application roles. API required roles: %s, application roles: %s.",
				role, strings.Join(claims.Roles, ",")),
		}
	}
	return nil
}

// checkEra refuses tokens that were revoked before their end.
func (e *Entra) checkEra(claims *accessClaims) *answer.Failure {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case claims.Era >= e.demanded:
		return nil
	case slices.Contains(claims.Capabilities, capability):
		return e.challenge()
	default:
		return answer.Unauthorized("The token was issued before the time of its revocation.")
	}
}
