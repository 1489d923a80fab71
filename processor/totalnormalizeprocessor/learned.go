package totalnormalizeprocessor

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// learned is the directory of what event rows themselves say of people: a row that has an account's
// UPN beside its SID, object id or name shows whose those are. It is asked only where IdentityInfo and
// Users know nothing, and one row's word is nobody else's fate: an id or name for which rows name two
// UPNs finds nobody.
type learned struct{ *identities }

func newLearned(limits DirectoriesConfig) learned {
	return learned{newIdentities(limits, func(id *identity) string {
		if id.UPN == "" {
			return ""
		}
		return lookupKey(keyUPN, id.UPN)
	})}
}

// teaches returns what an account of a row says of a person; nil: nothing that can be relied on.
func teaches(a accounts.Account, device deviceNames, at time.Time) *identity {
	if !strings.Contains(a.UPN, "@") || strings.ContainsAny(a.UPN, " \t\r\n") || device.own(a.Domain) {
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
		if !accounts.IsPersonalSID(a.SID) || a.ObjectID == "" && (a.Domain == "" || device.unknown()) {
			return nil
		}
	case a.ObjectID == "" && device.unknown():
		return nil
	}
	if strings.EqualFold(a.Domain, "azuread") || strings.EqualFold(a.Domain, "microsoftaccount") {
		// Two people of a tenant may have the same name there.
		a.Domain, a.Name = "", ""
	}
	if a.SID == "" && a.ObjectID == "" && a.DomainName() == "" {
		return nil
	}
	id := &identity{Updated: at, UPN: a.UPN, ObjectID: a.ObjectID, Domain: a.Domain, Name: a.Name}
	id.addSIDs(a.SID)
	return id
}

// knows reports whether id says nothing new, and the entry need not be seen again yet.
func (d learned) knows(id *identity, now time.Time) bool {
	before, ok := d.entries[d.keyOf(id)]
	const share = 64
	return ok && now.Sub(before.Seen) < d.limits.MaxAge/share && before.covers(id)
}

// covers reports whether all that other says is said by id.
func (id *identity) covers(other *identity) bool {
	says := func(mine, others string) bool { return others == "" || strings.EqualFold(mine, others) }
	return says(id.ObjectID, other.ObjectID) && says(id.Domain, other.Domain) && says(id.Name, other.Name) &&
		!slices.ContainsFunc(other.SIDs, func(sid string) bool {
			return !slices.ContainsFunc(id.SIDs, func(mine string) bool { return strings.EqualFold(mine, sid) })
		})
}

// take adds what a row says of a person to what others have said. It returns the entry if it is worth
// storing.
func (d learned) take(id *identity, now time.Time) *identity {
	key := d.keyOf(id)
	before, ok := d.entries[key]
	if !ok {
		d.put(key, id, now)
		return id
	}
	if !before.covers(id) {
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
func (id *identity) completedBy(other *identity) *identity {
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
func (id *identity) sortedSIDs() []string {
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
func (d learned) find(a accounts.Account, local bool) *identity {
	found, kind := d.candidates(a, local)
	if len(found) != 1 {
		return nil
	}
	if kind == keyName || kind == keyUPN {
		// An account of the name that has another SID was made anew, or is another's.
		other := slices.ContainsFunc(found[0].SIDs, func(sid string) bool {
			return a.SID != "" && accounts.IsEntraSID(sid) == accounts.IsEntraSID(a.SID) && !strings.EqualFold(sid, a.SID)
		})
		if other {
			return nil
		}
	}
	return found[0]
}
