package directory

import (
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// identities is a directory of people, found by all that names them. Its owner guards it.
type identities struct {
	*aging[*Identity]

	index map[string][]*Identity
	keyOf func(*Identity) string
}

func newIdentities(limits Limits, keyOf func(*Identity) string) *identities {
	d := &identities{index: map[string][]*Identity{}, keyOf: keyOf}
	d.aging = newAging(limits, d.unlink)
	return d
}

// take keeps id unless what is known is newer. It returns the entry if it is worth storing.
func (d *identities) take(id *Identity, now time.Time) *Identity {
	key := d.keyOf(id)
	before, known := d.entries[key]
	switch {
	case key == "", known && id.Updated.Before(before.Updated):
		return nil
	case !known && id.Removed:
		return nil
	case known && id.Removed:
		removed := *before
		removed.sighting, removed.Updated, removed.Removed = sighting{}, id.Updated, true
		id = &removed
	case known:
		id.keepForms(before)
	}
	if known && id.saysTheSame(before) {
		before.Updated = id.Updated
		d.see(key, before, now)
		if d.worthStoring(before) {
			return before
		}
		return nil
	}
	d.put(key, id, now)
	return id
}

// put replaces what is known under key.
func (d *identities) put(key string, id *Identity, now time.Time) {
	if before, ok := d.entries[key]; ok {
		d.unlink(before)
	}
	d.see(key, id, now)
	for _, k := range id.indexKeys() {
		d.index[k] = append(d.index[k], id)
	}
}

func (d *identities) unlink(id *Identity) {
	for _, k := range id.indexKeys() {
		left := slices.DeleteFunc(d.index[k], func(other *Identity) bool { return other == id })
		if len(left) == 0 {
			delete(d.index, k)
		} else {
			d.index[k] = left
		}
	}
}

// candidates are the identities under the first key of the account that finds any: SID, object id,
// UPN, then domain and name, the last not for local accounts.
func (d *identities) candidates(a accounts.Account, local bool) (found []*Identity, kind string) {
	name := a.DomainName()
	if local || accounts.IsEntraDomain(a.Domain) {
		name = ""
	}
	for _, k := range [...]struct{ kind, value string }{
		{keySID, a.SID}, {keyObjectID, a.EntraID()}, {keyUPN, a.UPN}, {keyName, name},
	} {
		if k.value == "" {
			continue
		}
		found := d.index[lookupKey(k.kind, k.value)]
		// A name that several people share tells nothing, and an account of the name that has another SID was
		// made anew, or is another's.
		if len(found) == 0 || k.kind == keyName && (len(found) > 1 || found[0].contradicts([]string{a.SID})) {
			continue
		}
		return found, k.kind
	}
	return nil, ""
}

// find returns the identity of an account. Ids and UPNs pass from an identity that was deleted to the
// one made in its place, so of several the newest counts.
func (d *identities) find(a accounts.Account, local bool) *Identity {
	found, _ := d.candidates(a, local)
	if len(found) == 0 {
		return nil
	}
	return slices.MaxFunc(found, func(a, b *Identity) int { return a.Updated.Compare(b.Updated) })
}

// namedInEntra are the identities that AzureAD\name may be.
func (d *identities) namedInEntra(name string) []*Identity {
	return d.index[lookupKey(keyEntraName, withoutBlanks(name))]
}
