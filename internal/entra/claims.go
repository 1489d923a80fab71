package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims are what an access token says of itself.
type Claims struct {
	Audience, TenantID, AppID string
	Roles                     []string // application permissions with admin consent
	IssuedAt, Expires         time.Time
}

// ReadClaims reads a token without checking it, so what it says is fit to be shown and nothing else. An opaque
// token, which only its API can read, is an error that does not hold the token.
func ReadClaims(token string) (Claims, error) {
	var claims struct {
		jwt.RegisteredClaims
		TenantID string   `json:"tid"`
		AppID    string   `json:"appid"`
		Roles    []string `json:"roles"`
	}
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		return Claims{}, errors.New("the token cannot be read: only the API that it is for can")
	}
	read := Claims{TenantID: claims.TenantID, AppID: claims.AppID, Roles: claims.Roles}
	if len(claims.Audience) > 0 {
		read.Audience = claims.Audience[0]
	}
	if claims.IssuedAt != nil {
		read.IssuedAt = claims.IssuedAt.Time
	}
	if claims.ExpiresAt != nil {
		read.Expires = claims.ExpiresAt.Time
	}
	return read, nil
}

// checkClaims refuses what is no set of claims that a token can be asked for with.
func checkClaims(claims string) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(claims), &object); err != nil {
		return fmt.Errorf("the claims are no JSON object: %w", err)
	}
	return nil
}
