package entra

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

// trial is what became of the credentials that were offered last: a secret, a certificate or a
// federated token. They are on trial until a token was had with them.
type trial struct {
	offered  []byte
	accepted []byte    // what the last token was had with; nil before the first
	changed  time.Time // when offered was first seen to differ from what was offered before; zero: never
	refused  bool      // something was refused since the last token
}

// offer says what is sent from now on.
func (t *trial) offer(content []byte, now time.Time) {
	if bytes.Equal(content, t.offered) {
		return
	}
	if t.offered != nil {
		t.changed = now
	}
	t.offered = slices.Clone(content)
}

// pass notes that a token was had, and says so where that is news.
func (t *trial) pass(c *Credentials, logger *zap.Logger) {
	fresh := !bytes.Equal(t.offered, t.accepted) && !t.changed.IsZero()
	earlier, refused := t.accepted != nil, t.refused
	t.accepted, t.refused = t.offered, false
	if !fresh {
		return
	}
	switch kind := c.kind(); {
	case c.FederatedTokenFile != "" && !refused:
		// Its content changes every hour or so, which is no news.
	case earlier && c.FederatedTokenFile == "":
		logger.Info("The new " + kind + " is accepted; the old one may be removed.")
	default:
		logger.Info("The new " + kind + " is accepted.")
	}
}

// judge adds to a refusal what is known of the credentials that were refused. leaf is the certificate, nil if there is
// none.
func (t *trial) judge(c *Credentials, leaf *x509.Certificate, err error) error {
	refused := (*Error)(nil)
	if !errors.As(err, &refused) || refused.Kind != BadCredentials || refused.Status == 0 {
		return err
	}
	t.refused = true
	if refused.offered {
		if odd := t.oddity(c); odd != "" {
			refused.Advice = odd + "; " + refused.Advice
		}
		if over := t.over(c, leaf, time.Now()); over != "" {
			refused.Advice = over
		}
	}
	if t.accepted != nil && !bytes.Equal(t.offered, t.accepted) {
		refused.Advice += fmt.Sprintf("; %s changed at %s, and what it held before was accepted",
			strings.Join(c.files(), " or "), t.changed.UTC().Format(time.RFC3339))
	}
	return refused
}

// over says that what was refused is past its time by this machine's clock, and where it stands.
func (t *trial) over(c *Credentials, leaf *x509.Certificate, now time.Time) string {
	switch {
	case leaf != nil:
		return c.ended(leaf, now)
	case c.FederatedTokenFile != "":
		claims, err := ReadClaims(string(t.offered))
		if err != nil || claims.Expires.IsZero() || now.Before(claims.Expires) {
			return ""
		}
		return fmt.Sprintf("the token in 'credentials::federated_token_file' (%s) has expired on %s: look at what writes the file",
			c.FederatedTokenFile, claims.Expires.UTC().Format(time.RFC3339))
	default:
		return ""
	}
}

// oddity says what is unusual about the secret, and where it stands.
func (t *trial) oddity(c *Credentials) string {
	setting := "credentials::client_secret"
	switch {
	case c.ClientSecretFile != "":
		setting = "credentials::client_secret_file (" + c.ClientSecretFile + ")"
	case c.ClientSecret == "":
		return ""
	}
	if odd := oddities(t.offered); odd != "" {
		return "look at " + setting + ": " + odd
	}
	return ""
}
