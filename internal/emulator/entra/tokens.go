package entra

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// capability is what a client declares that answers challenges.
const capability = "CP1"

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

// application is the one that Entra ID knows, by the ids that everything about it needs.
type application struct {
	tenantID, clientID string
	now                func() time.Time
}

// Tokens are those that the application is given, and what the APIs take of them.
type Tokens struct {
	application
	lifetime time.Duration

	mu            sync.Mutex // guards everything below
	roles         []string
	signingKey    []byte
	era, demanded int // of tokens that are given, and of those that the APIs take
}

func newTokens(app application, lifetime time.Duration, roles []string) *Tokens {
	t := &Tokens{application: app, lifetime: lifetime, roles: slices.Clone(roles)}
	t.RevokeTokens()
	return t
}

// SetRoles sets the app roles of tokens from now on; tokens that were given keep theirs.
func (t *Tokens) SetRoles(roles []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.roles = slices.Clone(roles)
}

// RevokeTokens makes every token so far invalid by taking a new signing key.
func (t *Tokens) RevokeTokens() {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	t.mu.Lock()
	defer t.mu.Unlock()
	t.signingKey = key
}

// issue signs a token for audience; capable: its client answers challenges. The caller holds t.mu.
func (t *Tokens) issue(audience string, capable bool) (string, error) {
	now := t.now()
	var capabilities []string
	if capable {
		capabilities = []string{capability}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			ID:        rand.Text(),
			Issuer:    "https://sts.windows.net/" + t.tenantID + "/",
			Audience:  jwt.ClaimStrings{audience},
			IssuedAt:  jwt.NewNumericDate(now),
			NotBefore: jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(t.lifetime)),
		},
		AppID: t.clientID, TenantID: t.tenantID, Roles: t.roles, Capabilities: capabilities, Era: t.era,
	}).SignedString(t.signingKey)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}
