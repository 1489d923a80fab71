package entra

import (
	"crypto"
	"crypto/sha1" //nolint:gosec // x5t is the SHA-1 of a certificate by RFC 7517; it names the certificate and protects nothing
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	leeway        = 5 * time.Minute
)

// checkAssertion checks the token that a client proves itself with: one that it has signed with its certificate, or one
// of another identity provider. endpoint is the URL that it was sent to.
func (g *Registration) checkAssertion(assertion, endpoint string) *refusal {
	var claims jwt.RegisteredClaims
	token, _, err := jwt.NewParser().ParseUnverified(assertion, &claims)
	if err != nil {
		return malformedAssertion()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if strings.EqualFold(claims.Issuer, g.clientID) {
		return g.checkSigned(assertion, endpoint, token, &claims)
	}
	return g.checkFederated(assertion, &claims)
}

// checkSigned checks an assertion of a certificate.
func (g *Registration) checkSigned(assertion, endpoint string, token *jwt.Token, claims *jwt.RegisteredClaims) *refusal {
	certificate := g.certificateOf(token.Header)
	switch {
	case certificate == nil:
		return unknownCertificate(g.clientID)
	case g.byNoClock(func(now time.Time) bool { return !now.After(certificate.NotAfter) }):
		return expiredCertificate(g.clientID)
	case !strings.EqualFold(claims.Subject, g.clientID):
		return foreignSubject()
	case !slices.Contains(claims.Audience, endpoint):
		return foreignAudience(endpoint)
	}
	return g.verify(assertion, certificate.PublicKey, func() *refusal { return invalidSignature(g.clientID) })
}

// checkFederated checks a token of another identity provider.
func (g *Registration) checkFederated(assertion string, claims *jwt.RegisteredClaims) *refusal {
	known := slices.DeleteFunc(slices.Clone(g.federations), func(f Federation) bool { return f.Issuer != claims.Issuer })
	if len(known) == 0 {
		return noFederation(700211, "issuer", claims.Issuer)
	}
	known = slices.DeleteFunc(known, func(f Federation) bool { return f.Subject != claims.Subject })
	if len(known) == 0 {
		return noFederation(700213, "subject", claims.Subject)
	}
	for _, f := range known {
		if slices.Contains(claims.Audience, f.Audience) {
			return g.verify(assertion, f.Key, failedSignature)
		}
	}
	return noFederation(700212, "audience", strings.Join(claims.Audience, " "))
}

// verify checks signature and time.
func (g *Registration) verify(assertion string, key crypto.PublicKey, forged func() *refusal) *refusal {
	var err error
	untimely := g.byNoClock(func(now time.Time) bool {
		_, err = jwt.Parse(assertion, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithTimeFunc(func() time.Time { return now }),
			jwt.WithValidMethods([]string{"PS256", "RS256"}), jwt.WithExpirationRequired(), jwt.WithLeeway(leeway))
		return err == nil
	})
	switch {
	case !untimely:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return untimelyAssertion()
	default:
		return forged()
	}
}

// byNoClock reports whether something holds neither by the machine's clock, by which a client signs, nor by the
// emulator's, by which it does in synthetic time.
func (g *Registration) byNoClock(holds func(now time.Time) bool) bool {
	return !holds(time.Now()) && !holds(g.now())
}

// certificateOf is the certificate that an assertion's header names: an uploaded one, or one whose chain leads to an
// issuer that is trusted. It is nil if there is none. The caller holds g.mu.
func (g *Registration) certificateOf(header map[string]any) *x509.Certificate {
	sha256Name, _ := header["x5t#S256"].(string)
	sha1Name, _ := header["x5t"].(string)
	for _, c := range g.certificates {
		long, short := sha256.Sum256(c.Raw), sha1.Sum(c.Raw) //nolint:gosec // see the import
		if isNameOf(sha256Name, long[:]) || isNameOf(sha1Name, short[:]) {
			return c
		}
	}
	chain := chainIn(header)
	if len(chain) == 0 {
		return nil
	}
	long := sha256.Sum256(chain[0].Raw)
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, issuer := range g.issuers {
		roots.AddCert(issuer)
	}
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		CurrentTime: chain[0].NotBefore.Add(time.Second), // its own end is told apart
	})
	if err != nil || sha256Name != "" && !isNameOf(sha256Name, long[:]) {
		return nil
	}
	return chain[0]
}

// isNameOf compares a thumbprint in either alphabet of base64: MSAL for Go writes the standard one.
func isNameOf(name string, sum []byte) bool {
	name = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(name, "="))
	return name != "" && name == base64.RawURLEncoding.EncodeToString(sum)
}

// chainIn reads x5c; nil if it is missing or broken.
func chainIn(header map[string]any) []*x509.Certificate {
	entries, _ := header["x5c"].([]any)
	var chain []*x509.Certificate
	for _, entry := range entries {
		text, _ := entry.(string)
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil
		}
		chain = append(chain, certificate)
	}
	return chain
}
