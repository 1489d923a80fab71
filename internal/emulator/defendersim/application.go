package defendersim

import (
	"crypto/x509"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
)

// application is the application in Entra ID, as tests change it.
type application struct{ entra *entra.Entra }

// SetClientSecret replaces all secrets by one; tokens given for the old ones stay valid.
func (a application) SetClientSecret(secret string) { a.entra.SetSecret(secret) }

// AddClientSecret adds a secret to those that are valid, RevokeClientSecret takes one away.
func (a application) AddClientSecret(secret string) { a.entra.AddSecret(secret) }

// RevokeClientSecret takes a secret away; tokens given for it stay valid.
func (a application) RevokeClientSecret(secret string) { a.entra.RevokeSecret(secret) }

// ExpireClientSecret makes the secrets ones that were right but have expired.
func (a application) ExpireClientSecret() { a.entra.ExpireSecret() }

// AddCertificate uploads a certificate to the application.
func (a application) AddCertificate(certificate *x509.Certificate) {
	a.entra.AddCertificate(certificate)
}

// RevokeCertificate takes a certificate away; tokens given for it stay valid.
func (a application) RevokeCertificate(certificate *x509.Certificate) {
	a.entra.RevokeCertificate(certificate)
}

// TrustIssuer makes certificates good that an issuer has signed, where the client sends the chain.
func (a application) TrustIssuer(issuer *x509.Certificate) { a.entra.TrustIssuer(issuer) }

// Federate adds a federated credential to the application.
func (a application) Federate(f Federation) { a.entra.Federate(f) }

// Unfederate takes a federated credential away; tokens given for it stay valid.
func (a application) Unfederate(f Federation) { a.entra.Unfederate(f) }

// SetRoles sets the app roles of tokens from now on; tokens that were given keep theirs.
func (a application) SetRoles(roles ...string) { a.entra.SetRoles(roles) }

// RevokeTokens makes all tokens that were given invalid.
func (a application) RevokeTokens() { a.entra.RevokeTokens() }
