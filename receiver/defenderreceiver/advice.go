package defenderreceiver

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

// advise adds what an operator can do about an error that will not pass by itself.
func advise(err error, table string) error {
	authority := x509.UnknownAuthorityError{}
	if errors.As(err, &authority) {
		return fmt.Errorf("%w: name the CA's file in tls::ca_file, also that of a proxy which opens TLS", err)
	}
	switch {
	case isKind(err, hunting.Forbidden) && isUsers(table):
		return fmt.Errorf("%w: grant the app registration the application permission User.Read.All and admin consent, "+
			"or set tables::%s::enabled: false", err, table)
	case isRefused(err) && isUsers(table):
		return fmt.Errorf("%w: set tables::%s::enabled: false if this tenant's Graph has no delta query of users", err, table)
	case isKind(err, hunting.Forbidden):
		return fmt.Errorf("%w: grant the app registration the application permission ThreatHunting.Read.All "+
			"(for api: legacy AdvancedHunting.Read.All) and admin consent", err)
	case isRefused(err):
		return fmt.Errorf("%w: look at tables::%s::columns and tables::%s::filter", err, table, table)
	case isKind(err, hunting.Retired):
		return fmt.Errorf("%w: set api: graph, and grant ThreatHunting.Read.All", err)
	default:
		return err
	}
}
