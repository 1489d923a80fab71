package defendersim

import (
	"crypto/x509"
	"time"
)

// Plant puts rows into a table of the service. Many rows in one call are cheaper than many calls.
// Errors name the row and the column; then none of the rows is planted.
func (s *Server) Plant(table string, planted ...Planted) error {
	return s.database.Plant(table, s.now(), planted...)
}

// Truth returns every row of table, generated and planted, with an ingestion time from `from` to
// `to`, both included; a zero `to` is the emulator's present. Tables that the tenant's plan lacks
// and rows older than the service keeps are included.
func (s *Server) Truth(table string, from, to time.Time) ([]TrueRow, error) {
	if to.IsZero() {
		to = s.now()
	}
	return s.database.Truth(table, from, to)
}

// SetWithoutTables names the tables that the tenant's plan lacks.
func (s *Server) SetWithoutTables(names ...string) error { return s.database.SetWithout(names) }

// SetFaults replaces the faults that strike by rate; without arguments there are none.
func (s *Server) SetFaults(all ...Fault) { s.faults.Set(all) }

// FailNext makes f strike the next n calls that it concerns, whatever its rate.
func (s *Server) FailNext(n int, f Fault) { s.faults.FailNext(n, f) }

// HoldAfter makes queries wait from when so many rows of events have been returned until release is called,
// so that a test can be sure that there is work left. It stands in the place of an earlier one.
func (s *Server) HoldAfter(rows int64) (release func()) { return s.hunting.HoldAfter(rows) }

// SetLegacyRetired switches the legacy API off or on.
func (s *Server) SetLegacyRetired(retired bool) { s.hunting.SetLegacyRetired(retired) }

// SetClientSecret replaces all secrets by one; tokens given for the old ones stay valid.
func (s *Server) SetClientSecret(secret string) { s.entra.SetSecret(secret) }

// AddClientSecret adds a secret to those that are valid, RevokeClientSecret takes one away.
func (s *Server) AddClientSecret(secret string) { s.entra.AddSecret(secret) }

// RevokeClientSecret takes a secret away; tokens given for it stay valid.
func (s *Server) RevokeClientSecret(secret string) { s.entra.RevokeSecret(secret) }

// ExpireClientSecret makes the secrets ones that were right but have expired.
func (s *Server) ExpireClientSecret() { s.entra.ExpireSecret() }

// AddCertificate uploads a certificate to the application.
func (s *Server) AddCertificate(certificate *x509.Certificate) { s.entra.AddCertificate(certificate) }

// RevokeCertificate takes a certificate away; tokens given for it stay valid.
func (s *Server) RevokeCertificate(certificate *x509.Certificate) {
	s.entra.RevokeCertificate(certificate)
}

// TrustIssuer makes certificates good that an issuer has signed, where the client sends the chain.
func (s *Server) TrustIssuer(issuer *x509.Certificate) { s.entra.TrustIssuer(issuer) }

// Federate adds a federated credential to the application.
func (s *Server) Federate(f Federation) { s.entra.Federate(f) }

// Unfederate takes a federated credential away; tokens given for it stay valid.
func (s *Server) Unfederate(f Federation) { s.entra.Unfederate(f) }

// SetRoles sets the app roles of tokens from now on; tokens that were given keep theirs.
func (s *Server) SetRoles(roles ...string) { s.entra.SetRoles(roles) }

// RevokeTokens makes all tokens that were given invalid.
func (s *Server) RevokeTokens() { s.entra.RevokeTokens() }

// Users are those of Graph, each with the properties that were ever set.
func (s *Server) Users() []map[string]any { return s.users.All() }

// PutUser adds a user to Graph's, restores one, or changes the properties that it names; a nil value
// empties one. Errors name the property.
func (s *Server) PutUser(properties map[string]any) error { return s.users.Put(properties) }

// RemoveUser deletes a user of Graph's: into the bin, from where PutUser takes it back, or for good.
func (s *Server) RemoveUser(id string, forGood bool) error {
	if forGood {
		return s.users.Remove(id, "deleted")
	}
	return s.users.Remove(id, "changed")
}

// ExpireUserLinks makes Graph forget the links it gave to pages and changes of users: 410.
func (s *Server) ExpireUserLinks() { s.users.ForgetTokens() }

// PutAlert adds a version of an alert that can be read at once, or from a later instant on where one is given. Its id and
// lastUpdateDateTime must be set. Errors name the property.
func (s *Server) PutAlert(body map[string]any, visible time.Time) error {
	return s.alerts.Objects.Put(body, visible)
}

// PutIncident adds a version of an incident, as PutAlert does of an alert.
func (s *Server) PutIncident(body map[string]any, visible time.Time) error {
	return s.incidents.Objects.Put(body, visible)
}

// Alerts are all versions of all alerts up to the emulator's present, whether they can be read or not.
func (s *Server) Alerts() []SecurityVersion { return s.alerts.Objects.Truth(s.now()) }

// Incidents are all versions of all incidents up to the emulator's present, whether they can be read or not.
func (s *Server) Incidents() []SecurityVersion { return s.incidents.Objects.Truth(s.now()) }

// SetSecurityOrder says what the lists of the security API do with $orderby.
func (s *Server) SetSecurityOrder(o SecurityOrder) {
	s.alerts.SetOrder(o)
	s.incidents.SetOrder(o)
}

// BreakAlerts makes each list of alerts answer 500 that would hold one that was last updated from one instant up to
// another one; an empty window mends it.
func (s *Server) BreakAlerts(from, to time.Time) { s.alerts.Break(from, to) }

// Report is what the emulator has seen so far.
func (s *Server) Report() Report { return s.judge.Report(s.hunting.Spent()) }
