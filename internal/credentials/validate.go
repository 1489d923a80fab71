package credentials

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Check checks that the app registration is named, and exactly one way to prove to be it. login is the login host of a cloud,
// as an example. byExtension: the extension that 'auth' names proves who asks in their place.
func (c *Config) Check(written *settings.Written, login string, byExtension bool) error {
	_, notADay := c.Ends()
	errs := []error{
		tenantID("tenant_id", c.TenantID, settings.Required(written, "credentials::tenant_id")),
		c.validateClient(written, byExtension || c.ManagedIdentity.HasValue()),
		noPlaceholder("client_secret", string(c.ClientSecret)),
		settings.SecureURL("authority", c.Authority, login),
		c.ClientCertificate.validate(),
		notADay,
	}
	if byExtension {
		return errors.Join(append(errs, c.besideExtension()...)...)
	}
	return errors.Join(append(errs, c.oneWay(written))...)
}

// validateClient checks the app registration's id.
func (c *Config) validateClient(written *settings.Written, optional bool) error {
	switch {
	case c.ClientID == "" && optional:
		return nil
	case c.ClientID != "" && strings.EqualFold(c.ClientID, c.TenantID):
		return settings.Problemf("client_id", "is the same as tenant_id: write %s", clientIDWhere)
	default:
		return clientID("client_id", c.ClientID, settings.Required(written, "credentials::client_id"))
	}
}

// oneWay checks that exactly one is given.
func (c *Config) oneWay(written *settings.Written) error {
	ways, found := slices.Sorted(maps.Keys(c.ways())), c.Given()
	var empty []string
	for _, way := range ways {
		if written.Empty("credentials::" + way) {
			empty = append(empty, way)
		}
	}
	switch {
	case len(found) > 1:
		return settings.Missingf("", "needs exactly one of %s, but given are %s: remove all but one",
			strings.Join(ways, ", "), strings.Join(found, ", "))
	case len(found) == 0:
		none := "none is given"
		if len(empty) > 0 {
			none = strings.Join(empty, " and ") + " is empty (" + settings.EmptyHint + ")"
		}
		return settings.Missingf("", "needs exactly one of %s: %s", strings.Join(ways, ", "), none)
	default:
		return nil
	}
}

// besideExtension refuses what 'auth' leaves without a use.
func (c *Config) besideExtension() []error {
	found := c.Given()
	if c.Authority != "" {
		found = append(found, "authority")
	}
	var errs []error
	for _, key := range found {
		errs = append(errs, settings.Problemf(key, "is of no use beside 'auth', whose extension says who asks: remove one of both"))
	}
	return errs
}

func (c *CertificateConfig) validate() error {
	pem := c.CertFile != "" || c.KeyFile != ""
	switch {
	case pem && c.PFXFile != "":
		return settings.Problemf("client_certificate", "names PEM files and a PFX file: keep 'cert_file' and 'key_file', or 'pfx_file'")
	case c.Password != "" && c.PFXFile == "":
		return settings.Problemf("client_certificate::password", "is for 'pfx_file' alone: a private key in PEM stands in its file without a password")
	case pem && (c.CertFile == "" || c.KeyFile == ""):
		return settings.Problemf("client_certificate", "needs both 'cert_file' and 'key_file'")
	default:
		return nil
	}
}
