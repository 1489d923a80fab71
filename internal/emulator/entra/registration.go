package entra

import (
	"crypto"
	"crypto/subtle"
	"crypto/x509"
	"slices"
)

// Federation is one federated credential of the application: whose tokens prove to be it.
type Federation struct {
	Issuer, Subject, Audience string
	Key                       crypto.PublicKey // with which the issuer's tokens are verified
}

// registration is what the application can prove itself with.
type registration struct {
	secrets      []string
	expired      bool                // the secrets were right, but have ended
	certificates []*x509.Certificate // uploaded
	issuers      []*x509.Certificate // of certificates that need not be uploaded
	federations  []Federation
}

func (g *registration) knows(secret string) bool {
	known := false
	for _, s := range g.secrets {
		known = subtle.ConstantTimeCompare([]byte(secret), []byte(s)) == 1 || known
	}
	return known
}

// SetSecret replaces all secrets by one; tokens given for the old ones stay valid.
func (e *Entra) SetSecret(secret string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered.secrets, e.registered.expired = []string{secret}, false
}

// AddSecret adds a secret to those that are valid.
func (e *Entra) AddSecret(secret string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered.secrets = append(e.registered.secrets, secret)
}

// RevokeSecret takes a secret away.
func (e *Entra) RevokeSecret(secret string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered.secrets = slices.DeleteFunc(e.registered.secrets, func(s string) bool { return s == secret })
}

// ExpireSecret makes the secrets ones that were right but have expired.
func (e *Entra) ExpireSecret() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered.expired = true
}

// AddCertificate uploads a certificate to the application.
func (e *Entra) AddCertificate(certificate *x509.Certificate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered.certificates = append(e.registered.certificates, certificate)
}

// RevokeCertificate takes a certificate away.
func (e *Entra) RevokeCertificate(certificate *x509.Certificate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered.certificates = slices.DeleteFunc(e.registered.certificates, certificate.Equal)
}

// TrustIssuer makes certificates good that an issuer has signed, where the assertion brings the chain.
func (e *Entra) TrustIssuer(issuer *x509.Certificate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered.issuers = append(e.registered.issuers, issuer)
}

// Federate adds a federated credential.
func (e *Entra) Federate(f Federation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered.federations = append(e.registered.federations, f)
}

// Unfederate takes the federated credentials of an issuer away.
func (e *Entra) Unfederate(f Federation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered.federations = slices.DeleteFunc(e.registered.federations, func(known Federation) bool { return known == f })
}
