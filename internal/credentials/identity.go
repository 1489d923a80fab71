package credentials

import (
	"regexp"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

var (
	guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

	// placeholder is what examples hold in the place of a value.
	placeholder = regexp.MustCompile(`(?i)^(<.*>|\[.*\]|\{.*\}|your[-_ ].*|my[-_](tenant|client|app)[-_a-z]*|change-?me|replace-?me|todo|xxx[x-]*|0{8}(-0{4}){3}-0{12})$`)
	// variable is how other programs name an environment variable.
	variable = regexp.MustCompile(`^(\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|%[A-Za-z_][A-Za-z0-9_]*%)$`)
)

const (
	tenantIDWhere = "the Directory (tenant) ID on the app registration's overview page"
	clientIDWhere = "the Application (client) ID on the app registration's overview page"
)

// tenantID checks the id of a tenant. Values of ids are not repeated: a secret may stand in their place.
func tenantID(key, value, absent string) error {
	switch {
	case value == "":
		return settings.Problemf(key, "%s: %s", absent, tenantIDWhere)
	case isAnyTenant(value):
		return settings.Problemf(key, "is %q, which names no tenant: write %s", value, tenantIDWhere)
	case guid.MatchString(value) && !placeholder.MatchString(value), settings.IsDomain(value):
		return nil
	}
	if err := noPlaceholder(key, value); err != nil {
		return err
	}
	return settings.Problemf(key, "is neither a GUID nor a domain name: write %s, or a domain such as contoso.onmicrosoft.com", tenantIDWhere)
}

func clientID(key, value, absent string) error {
	switch {
	case value == "":
		return settings.Problemf(key, "%s: %s", absent, clientIDWhere)
	case guid.MatchString(value) && !placeholder.MatchString(value):
		return nil
	}
	if err := noPlaceholder(key, value); err != nil {
		return err
	}
	return settings.Problemf(key, "is no GUID: write %s, not the app's name, object id or secret", clientIDWhere)
}

// isAnyTenant: Entra ID takes these words where a user signs in, but not for an app.
func isAnyTenant(value string) bool {
	switch strings.ToLower(value) {
	case "common", "organizations", "consumers":
		return true
	}
	return false
}

// noPlaceholder refuses what is not meant as a value.
func noPlaceholder(key, value string) error {
	switch {
	case variable.MatchString(value):
		return settings.Problemf(key, "is the name of a variable: write ${env:%s}", strings.Trim(value, "${}%"))
	case placeholder.MatchString(value):
		return settings.Problemf(key, "is a placeholder: write the real value in its place")
	}
	return nil
}
