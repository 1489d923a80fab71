package totalnormalizeprocessor

import (
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// identities is a directory of people, found by all that names them. Its owner guards it.
type identities struct {
	*aging[*identity]

	index map[string][]*identity
	keyOf func(*identity) string
}

func newIdentities(limits DirectoriesConfig, keyOf func(*identity) string) *identities {
	d := &identities{index: map[string][]*identity{}, keyOf: keyOf}
	d.aging = newAging(limits, d.unlink)
	return d
}

// take keeps id unless what is known is newer. It returns the entry if it is worth storing.
func (d *identities) take(id *identity, now time.Time) *identity {
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
func (d *identities) put(key string, id *identity, now time.Time) {
	if before, ok := d.entries[key]; ok {
		d.unlink(before)
	}
	d.see(key, id, now)
	for _, k := range id.lookupKeys() {
		d.index[k] = append(d.index[k], id)
	}
}

func (d *identities) unlink(id *identity) {
	for _, k := range id.lookupKeys() {
		left := slices.DeleteFunc(d.index[k], func(other *identity) bool { return other == id })
		if len(left) == 0 {
			delete(d.index, k)
		} else {
			d.index[k] = left
		}
	}
}

// candidates are the identities under the first key of the account that finds any: SID, object id,
// UPN, then domain and name, the last not for local accounts.
func (d *identities) candidates(a accounts.Account, local bool) (found []*identity, kind string) {
	name := a.DomainName()
	if local {
		name = ""
	}
	for _, k := range [...]struct{ kind, value string }{
		{keySID, a.SID}, {keyObjectID, a.EntraID()}, {keyUPN, a.UPN}, {keyName, name},
	} {
		if k.value == "" {
			continue
		}
		found := d.index[lookupKey(k.kind, k.value)]
		// A name that several people share tells nothing.
		if len(found) == 0 || len(found) > 1 && k.kind == keyName {
			continue
		}
		return found, k.kind
	}
	return nil, ""
}

// find returns the identity of an account. Ids and UPNs pass from an identity that was deleted to the
// one made in its place, so of several the newest counts.
func (d *identities) find(a accounts.Account, local bool) *identity {
	found, _ := d.candidates(a, local)
	if len(found) == 0 {
		return nil
	}
	return slices.MaxFunc(found, func(a, b *identity) int { return a.Updated.Compare(b.Updated) })
}
