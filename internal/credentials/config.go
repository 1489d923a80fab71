package credentials

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Config names the app registration and one of five ways to prove to be it.
type Config struct {
	// TenantID is the tenant's GUID or one of its domains. Required.
	TenantID string `mapstructure:"tenant_id"`
	// ClientID is the app registration's GUID. Required, but for a managed identity that is the system's, and with `auth`.
	ClientID string `mapstructure:"client_id"`
	// ClientSecret is the value of a client secret.
	ClientSecret configopaque.String `mapstructure:"client_secret"`
	// ClientSecretFile holds a client secret. It is read again at every token request.
	ClientSecretFile string `mapstructure:"client_secret_file"`
	// ClientCertificate is a certificate of the app registration, with its chain. Its files are read again like a secret's.
	ClientCertificate CertificateConfig `mapstructure:"client_certificate" example:"{cert_file: /etc/otelcol-defender/app.crt, key_file: /etc/otelcol-defender/app.key}"`
	// FederatedTokenFile holds a token of another identity provider, e.g. of Kubernetes.
	FederatedTokenFile string `mapstructure:"federated_token_file"`
	// ManagedIdentity is the identity that Azure gives the machine.
	ManagedIdentity configoptional.Optional[ManagedIdentityConfig] `mapstructure:"managed_identity" example:"{}"`
	// Authority is a login host URL instead of the cloud's.
	Authority string `mapstructure:"authority"`
	// Expires is the day on which the secret ends, as the portal shows it, for the metric and the status. A certificate
	// knows its own.
	Expires string `mapstructure:"expires" example:"2027-03-01"`
}

// CertificateConfig names two PEM files, or one PFX file (PKCS #12).
type CertificateConfig struct {
	// CertFile holds the certificate in PEM, and those of its issuers.
	CertFile string `mapstructure:"cert_file"`
	// KeyFile holds its private key in PEM, an RSA key without a password.
	KeyFile string `mapstructure:"key_file"`
	// PFXFile holds the certificate, its issuers' and the private key.
	PFXFile string `mapstructure:"pfx_file"`
	// Password opens PFXFile.
	Password configopaque.String `mapstructure:"password"`
}

// ManagedIdentityConfig has no settings: client_id chooses a user-assigned identity, none the system's.
type ManagedIdentityConfig struct {
	_ struct{}
}

// ways are the five to prove to be the app registration, and which of them are given.
func (c *Config) ways() map[string]bool {
	return map[string]bool{
		"client_secret":        c.ClientSecret != "",
		"client_secret_file":   c.ClientSecretFile != "",
		"client_certificate":   c.ClientCertificate != CertificateConfig{},
		"federated_token_file": c.FederatedTokenFile != "",
		"managed_identity":     c.ManagedIdentity.HasValue(),
	}
}

// Given are the names of the ways that are.
func (c *Config) Given() []string {
	ways := c.ways()
	maps.DeleteFunc(ways, func(_ string, given bool) bool { return !given })
	return slices.Sorted(maps.Keys(ways))
}

// Ends is when 'expires' says that the secret does; the beginning of a day that has no time. It is zero if nothing is said.
func (c *Config) Ends() (time.Time, error) {
	if c.Expires == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, c.Expires); err == nil {
			return at, nil
		}
	}
	return time.Time{}, settings.Problemf("expires", "is no date: write the day on which the secret ends, e.g. 2027-03-01")
}

// Source is what asks for tokens, at a cloud's login host unless the user has named another one.
func (c *Config) Source(login string) entra.Credentials {
	ends, _ := c.Ends() // Validate has read it
	return entra.Credentials{
		TenantID:           c.TenantID,
		ClientID:           c.ClientID,
		ClientSecret:       c.ClientSecret,
		ClientSecretFile:   c.ClientSecretFile,
		CertFile:           c.ClientCertificate.CertFile,
		KeyFile:            c.ClientCertificate.KeyFile,
		PFXFile:            c.ClientCertificate.PFXFile,
		PFXPassword:        c.ClientCertificate.Password,
		FederatedTokenFile: c.FederatedTokenFile,
		ManagedIdentity:    c.ManagedIdentity.HasValue(),
		Authority:          cmp.Or(c.Authority, login),
		Expires:            ends,
	}
}

// DateAsText makes a text of what YAML takes for a date by itself.
func DateAsText(conf *confmap.Conf, key string) error {
	at, is := conf.Get(key).(time.Time)
	if !is {
		return nil
	}
	conf.Delete(key)
	parents := strings.Split(key, "::")
	var value any = at.Format(time.RFC3339)
	for _, name := range slices.Backward(parents) {
		value = map[string]any{name: value}
	}
	return conf.Merge(confmap.NewFromStringMap(value.(map[string]any)))
}
