package defenderreceiver

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// validate checks that the app registration is named, and exactly one way to prove to be it. byExtension: the extension
// that 'auth' names does so in their place.
func (c *CredentialsConfig) validate(written *settings.Written, byExtension bool) error {
	_, notADay := c.ends()
	errs := []error{
		tenantID("tenant_id", c.TenantID, required(written, "credentials::tenant_id")),
		c.validateClient(written, byExtension || c.ManagedIdentity.HasValue()),
		noPlaceholder("client_secret", string(c.ClientSecret)),
		secureURL("authority", c.Authority, clouds[CloudGlobal].login),
		c.ClientCertificate.validate(),
		notADay,
	}
	if byExtension {
		return errors.Join(append(errs, c.besideExtension()...)...)
	}
	return errors.Join(append(errs, c.oneWay(written))...)
}

// validateClient checks the app registration's id.
func (c *CredentialsConfig) validateClient(written *settings.Written, optional bool) error {
	switch {
	case c.ClientID == "" && optional:
		return nil
	case c.ClientID != "" && strings.EqualFold(c.ClientID, c.TenantID):
		return settings.Problemf("client_id", "is the same as tenant_id: write %s", clientIDWhere)
	default:
		return clientID("client_id", c.ClientID, required(written, "credentials::client_id"))
	}
}

// ways are the five to prove to be the app registration, and which of them are given.
func (c *CredentialsConfig) ways() map[string]bool {
	return map[string]bool{
		"client_secret":        c.ClientSecret != "",
		"client_secret_file":   c.ClientSecretFile != "",
		"client_certificate":   c.ClientCertificate != CertificateConfig{},
		"federated_token_file": c.FederatedTokenFile != "",
		"managed_identity":     c.ManagedIdentity.HasValue(),
	}
}

// given are the names of the ways that are.
func (c *CredentialsConfig) given() []string {
	ways := c.ways()
	maps.DeleteFunc(ways, func(_ string, given bool) bool { return !given })
	return slices.Sorted(maps.Keys(ways))
}

// oneWay checks that exactly one is given.
func (c *CredentialsConfig) oneWay(written *settings.Written) error {
	ways, found := slices.Sorted(maps.Keys(c.ways())), c.given()
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
func (c *CredentialsConfig) besideExtension() []error {
	found := c.given()
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

// ends is when 'expires' says that the secret does; the beginning of a day that has no time. It is zero if nothing is said.
func (c *CredentialsConfig) ends() (time.Time, error) {
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

// dateAsText makes a text of what YAML takes for a date by itself.
func dateAsText(conf *confmap.Conf, key string) error {
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
