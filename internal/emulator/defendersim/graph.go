package defendersim

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/security"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/users"
)

// directory is Graph's users, as tests change them.
type directory struct{ users *users.Directory }

// Users are those of Graph, each with the properties that were ever set.
func (d directory) Users() []map[string]any { return d.users.All() }

// PutUser adds a user to Graph's, restores one, or changes the properties that it names; a nil value
// empties one. Errors name the property.
func (d directory) PutUser(properties map[string]any) error { return d.users.Put(properties) }

// RemoveUser deletes a user of Graph's: into the bin, from where PutUser takes it back, or for good.
func (d directory) RemoveUser(id string, forGood bool) error {
	if forGood {
		return d.users.Remove(id, "deleted")
	}
	return d.users.Remove(id, "changed")
}

// ExpireUserLinks makes Graph forget the links it gave to pages and changes of users: 410.
func (d directory) ExpireUserLinks() { d.users.ForgetTokens() }

// securityAPI is what Graph's security API serves.
type securityAPI struct {
	lists
	posture
}

// posture is Secure Score, as tests change it.
type posture struct {
	catalog          *security.Catalog
	scores, profiles *security.Posture
}

// PutScore adds the score of a day, or replaces the one of its id. It can be read from an instant on. Its id and
// createdDateTime must be set.
func (p posture) PutScore(body map[string]any, visible time.Time) error {
	return p.catalog.PutScore(body, visible)
}

// PutProfile adds the profile of a control, or replaces the one of its id.
func (p posture) PutProfile(body map[string]any) error { return p.catalog.PutProfile(body) }

// SecureScores are the scores that can be read at an instant, the newest first.
func (p posture) SecureScores(now time.Time) []map[string]any { return p.catalog.Scores(now) }

// ControlProfiles are the profiles of all controls.
func (p posture) ControlProfiles() []map[string]any { return p.catalog.Profiles() }

// lists are those of Graph's security API, as tests change them.
type lists struct {
	now               func() time.Time
	alerts, incidents *security.API
}

// PutAlert adds a version of an alert that can be read at once, or from a later instant on where one is given. Its id and
// lastUpdateDateTime must be set. Errors name the property.
func (l lists) PutAlert(body map[string]any, visible time.Time) error {
	return l.alerts.Objects.Put(body, visible)
}

// PutIncident adds a version of an incident, as PutAlert does of an alert.
func (l lists) PutIncident(body map[string]any, visible time.Time) error {
	return l.incidents.Objects.Put(body, visible)
}

// Alerts are all versions of all alerts up to the emulator's present, whether they can be read or not.
func (l lists) Alerts() []SecurityVersion { return l.alerts.Objects.Truth(l.now()) }

// Incidents are all versions of all incidents up to the emulator's present, whether they can be read or not.
func (l lists) Incidents() []SecurityVersion { return l.incidents.Objects.Truth(l.now()) }

// SetSecurityOrder says what the lists of the security API do with $orderby.
func (l lists) SetSecurityOrder(o SecurityOrder) {
	l.alerts.SetOrder(o)
	l.incidents.SetOrder(o)
}

// BreakAlerts makes each list of alerts answer 500 that would hold one that was last updated from one instant up to
// another one; an empty window mends it.
func (l lists) BreakAlerts(from, to time.Time) { l.alerts.Break(from, to) }
