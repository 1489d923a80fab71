package entra

import (
	"crypto"
	"crypto/subtle"
	"crypto/x509"
	"slices"
	"sync"
)

// Federation is one federated credential of the application: whose tokens prove to be it.
type Federation struct {
	Issuer, Subject, Audience string
	Key                       crypto.PublicKey // with which the issuer's tokens are verified
}

// Registration is what the application can prove itself with.
type Registration struct {
	application

	mu           sync.Mutex // guards everything below
	secrets      []string
	expired      bool                // the secrets were right, but have ended
	certificates []*x509.Certificate // uploaded
	issuers      []*x509.Certificate // of certificates that need not be uploaded
	federations  []Federation
}

func newRegistration(app application, secret string) *Registration {
	return &Registration{application: app, secrets: []string{secret}}
}

// SetSecret replaces all secrets by one; tokens given for the old ones stay valid.
func (g *Registration) SetSecret(secret string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.secrets, g.expired = []string{secret}, false
}

// AddSecret adds a secret to those that are valid.
func (g *Registration) AddSecret(secret string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.secrets = append(g.secrets, secret)
}

// RevokeSecret takes a secret away.
func (g *Registration) RevokeSecret(secret string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.secrets = slices.DeleteFunc(g.secrets, func(s string) bool { return s == secret })
}

// ExpireSecret makes the secrets ones that were right but have expired.
func (g *Registration) ExpireSecret() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.expired = true
}

// AddCertificate uploads a certificate to the application.
func (g *Registration) AddCertificate(certificate *x509.Certificate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.certificates = append(g.certificates, certificate)
}

// RevokeCertificate takes a certificate away.
func (g *Registration) RevokeCertificate(certificate *x509.Certificate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.certificates = slices.DeleteFunc(g.certificates, certificate.Equal)
}

// TrustIssuer makes certificates good that an issuer has signed, where the assertion brings the chain.
func (g *Registration) TrustIssuer(issuer *x509.Certificate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.issuers = append(g.issuers, issuer)
}

// Federate adds a federated credential.
func (g *Registration) Federate(f Federation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.federations = append(g.federations, f)
}

// Unfederate takes the federated credentials of an issuer away.
func (g *Registration) Unfederate(f Federation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.federations = slices.DeleteFunc(g.federations, func(known Federation) bool { return known == f })
}

// checkSecret checks the secret that a client sends.
func (g *Registration) checkSecret(secret string) *refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.knows(secret):
		return wrongSecret(g.clientID)
	case g.expired:
		return expiredSecret(g.clientID)
	default:
		return nil
	}
}

// knows compares in a time that tells nothing of the secrets. The caller holds g.mu.
func (g *Registration) knows(secret string) bool {
	known := false
	for _, s := range g.secrets {
		known = subtle.ConstantTimeCompare([]byte(secret), []byte(s)) == 1 || known
	}
	return known
}
