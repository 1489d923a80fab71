package entra

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
)

// Authorize checks the request's token for an API; nil means that it may pass.
func (t *Tokens) Authorize(r *http.Request, audience, role string) *answer.Failure {
	claims, failure := t.authenticate(r, audience)
	if failure != nil {
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

// Authenticate checks the request's token for a service whose roles do not stand in tokens.
func (t *Tokens) Authenticate(r *http.Request, audience string) *answer.Failure {
	_, failure := t.authenticate(r, audience)
	return failure
}

func (t *Tokens) authenticate(r *http.Request, audience string) (accessClaims, *answer.Failure) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.Count(token, ".") != 2 {
		return accessClaims{}, answer.Unauthorized("Access token is missing or malformed.")
	}
	t.mu.Lock()
	key := t.signingKey
	t.mu.Unlock()

	var claims accessClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithTimeFunc(t.now),
		jwt.WithAudience(audienceAt(r.Host, audience)), jwt.WithExpirationRequired(), jwt.WithLeeway(0*time.Second))
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return accessClaims{}, answer.Unauthorized("Access token is missing or malformed.")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return accessClaims{}, answer.Unauthorized("Access token validation failure. Invalid signature.")
	case errors.Is(err, jwt.ErrTokenExpired):
		return accessClaims{}, answer.Unauthorized(answer.TextTokenExpired)
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return accessClaims{}, answer.Unauthorized("Access token validation failure. Invalid audience.")
	case err != nil:
		return accessClaims{}, answer.Unauthorized("Access token validation failure.")
	}
	if failure := t.checkEra(&claims); failure != nil {
		return accessClaims{}, failure
	}
	return claims, nil
}

// checkEra refuses tokens that were revoked before their end.
func (t *Tokens) checkEra(claims *accessClaims) *answer.Failure {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case claims.Era >= t.demanded:
		return nil
	case slices.Contains(claims.Capabilities, capability):
		return t.challenge()
	default:
		return answer.Unauthorized("The token was issued before the time of its revocation.")
	}
}
