package defendersim

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// accessClaims are those of Entra ID's claims that the APIs look at.
type accessClaims struct {
	jwt.RegisteredClaims
	AppID    string   `json:"appid"`
	TenantID string   `json:"tid"`
	Roles    []string `json:"roles,omitempty"`
}

// issue signs a token for audience. The caller holds e.mu.
func (e *entra) issue(audience string) (string, error) {
	now := e.now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			ID:        rand.Text(),
			Issuer:    "https://sts.windows.net/" + e.tenantID + "/",
			Audience:  jwt.ClaimStrings{audience},
			IssuedAt:  jwt.NewNumericDate(now),
			NotBefore: jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(e.lifetime)),
		},
		AppID: e.clientID, TenantID: e.tenantID, Roles: e.roles,
	}).SignedString(e.signingKey)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// authorize checks the request's token for an API; nil means that it may pass.
func (e *entra) authorize(r *http.Request, audience, role string) *apiError {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.Count(token, ".") != 2 {
		return unauthorized("Access token is missing or malformed.")
	}
	e.mu.Lock()
	key := e.signingKey
	e.mu.Unlock()

	var claims accessClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithTimeFunc(e.now),
		jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithLeeway(0*time.Second))
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return unauthorized("Access token is missing or malformed.")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return unauthorized("Access token validation failure. Invalid signature.")
	case errors.Is(err, jwt.ErrTokenExpired):
		return unauthorized(textTokenExpired)
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return unauthorized("Access token validation failure. Invalid audience.")
	case err != nil:
		return unauthorized("Access token validation failure.")
	}
	if !slices.Contains(claims.Roles, role) {
		return &apiError{
			status: http.StatusForbidden, code: "Forbidden", outcome: "403 missing role",
			message: fmt.Sprintf("Missing application roles. API required roles: %s, application roles: %s.",
				role, strings.Join(claims.Roles, ",")),
		}
	}
	return nil
}
