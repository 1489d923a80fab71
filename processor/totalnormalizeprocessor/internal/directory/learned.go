package directory

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// learned is the directory of what event rows themselves say of people: a row that has an account's
// UPN beside its SID, object id or name shows whose those are. It is asked only where IdentityInfo and
// Users know nothing, and one row's word is nobody else's fate: an id or name for which rows name two
// UPNs finds nobody.
type learned struct {
	*identities

	changed func() // told of every change
}

func newLearned(limits Limits, changed func()) learned {
	byUPN := func(id *Identity) string {
		if id.UPN == "" {
			return ""
		}
		return lookupKey(keyUPN, id.UPN)
	}
	return learned{newIdentities(limits, byUPN), changed}
}

// isUPN reports whether a text is one that can be relied on.
func isUPN(text string) bool {
	return strings.Contains(text, "@") && !strings.ContainsAny(text, " \t\r\n")
}

// teaches returns what an account of a row says of a person; nil: nothing that can be relied on. What it says of the
// device's own accounts counts at that device only (shown.go).
func teaches(a accounts.Account, device row.Device, at time.Time) *Identity {
	if !isUPN(a.UPN) || device.Owns(a.Domain) {
		return nil
	}
	if a.ObjectID != "" && uuid.Validate(a.ObjectID) != nil {
		return nil
	}
	inEntra, isEntra := accounts.ObjectIDFromSID(a.SID)
	switch {
	case isEntra:
		if a.ObjectID != "" && !strings.EqualFold(inEntra, a.ObjectID) {
			return nil // the row contradicts itself
		}
		a.ObjectID = inEntra
	case a.SID != "":
		// A local account has a SID of the same kind. Of one that Entra ID knows, or whose domain is
		// not the device, that is certain.
		if !accounts.IsPersonalSID(a.SID) || a.ObjectID == "" && (a.Domain == "" || device.IsUnnamed()) {
			return nil
		}
	case a.ObjectID == "" && device.IsUnnamed():
		return nil
	}
	entraName := ""
	if accounts.IsEntraDomain(a.Domain) {
		// Two people of a tenant may have the same name there.
		a.Domain, a.Name, entraName = "", "", a.Name
	}
	if a.SID == "" && a.ObjectID == "" && a.DomainName() == "" {
		return nil
	}
	id := identityOf(a, at)
	if entraName != "" {
		id.EntraNames = []string{entraName}
	}
	return id
}

// knows reports whether id says nothing new, and the entry need not be seen again yet.
func (d learned) knows(id *Identity, now time.Time) bool {
	before, ok := d.entries[d.keyOf(id)]
	const share = 64
	return ok && now.Sub(before.seen) < d.limits.MaxAge/share && before.covers(id)
}

// covers reports whether all that other says is said by id.
func (id *Identity) covers(other *Identity) bool {
	if other.ObjectID != "" && !strings.EqualFold(id.ObjectID, other.ObjectID) {
		return false
	}
	if name := other.Account().DomainName(); name != "" && !id.isNamed(name) {
		return false
	}
	return !slices.ContainsFunc(other.SIDs, func(sid string) bool { return !containsFold(id.SIDs, sid) }) &&
		!slices.ContainsFunc(other.EntraNames, func(name string) bool { return !containsFold(id.EntraNames, name) })
}

// isNamed reports whether a `DOMAIN\name` is the account's, in one form or another.
func (id *Identity) isNamed(name string) bool {
	return containsFold(id.names(), name) || slices.Contains(id.lookupKeys(), lookupKey(keyName, name))
}

// take adds what a row says of a person to what others have said. It returns the entry if it is worth
// storing.
func (d learned) take(id *Identity, now time.Time) *Identity {
	key := d.keyOf(id)
	before, ok := d.entries[key]
	if !ok {
		d.changed()
		d.put(key, id, now)
		return id
	}
	if !before.covers(id) {
		d.changed()
		before = before.completedBy(id)
		d.put(key, before, now)
		return before
	}
	d.see(key, before, now)
	if d.worthStoring(before) {
		return before
	}
	return nil
}

// completedBy is id with what other says beside. Where both say something, the newer row counts; of
// SIDs one of a domain and one of Entra ID are kept.
func (id *Identity) completedBy(other *Identity) *Identity {
	older, newer := id, other
	if other.Updated.Before(id.Updated) {
		older, newer = other, id
	}
	merged := newer.with(older)
	merged.UPN = id.UPN // they differ in case at most
	merged.SIDs = slices.CompactFunc(merged.sortedSIDs(), func(a, b string) bool { return accounts.IsEntraSID(a) == accounts.IsEntraSID(b) })
	return merged
}

// sortedSIDs has those of domains first, each kind in the order it had.
func (id *Identity) sortedSIDs() []string {
	sids := slices.Clone(id.SIDs)
	slices.SortStableFunc(sids, func(a, b string) int {
		switch x, y := accounts.IsEntraSID(a), accounts.IsEntraSID(b); {
		case x == y:
			return 0
		case y:
			return -1
		default:
			return 1
		}
	})
	return sids
}

// find returns the one person that rows have shown an account to be.
func (d learned) find(a accounts.Account, local bool) *Identity {
	found, kind := d.candidates(a, local)
	if len(found) != 1 {
		return nil
	}
	if kind == keyUPN && found[0].contradicts([]string{a.SID}) {
		return nil
	}
	return found[0]
}
