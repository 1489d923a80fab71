package totalnormalizeprocessor

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// identity is what IdentityInfo says of a person.
type identity struct {
	Updated  time.Time `json:"updated"`
	UPN      string    `json:"upn,omitempty"`
	ObjectID string    `json:"object_id,omitempty"`
	Domain   string    `json:"domain,omitempty"`
	Name     string    `json:"name,omitempty"`
	SIDs     []string  `json:"sids,omitempty"` // the on-premises one first
}

func identityIn(r row) *identity {
	id := &identity{
		Updated: r.time, UPN: r.text("AccountUpn"), ObjectID: r.text("AccountObjectId"),
		Domain: r.text("AccountDomain"), Name: r.text("AccountName"),
	}
	for _, column := range []string{"OnPremSid", "CloudSid"} {
		if sid := r.text(column); sid != "" {
			id.SIDs = append(id.SIDs, sid)
		}
	}
	return id
}

// account is the identity seen as an account.
func (id *identity) account() accounts.Account {
	a := accounts.Account{Domain: id.Domain, Name: id.Name, UPN: id.UPN, ObjectID: id.ObjectID}
	if len(id.SIDs) > 0 {
		a.SID = id.SIDs[0]
	}
	return a
}

// key is what stays when a person's names change; empty: the row names nobody.
func (id *identity) key() string {
	keys := id.lookupKeys()
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}

// lookupKeys are all keys under which the identity is found, the steadiest first.
func (id *identity) lookupKeys() []string {
	var keys []string
	add := func(kind, value string) {
		if key := lookupKey(kind, value); value != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	add(keyObjectID, id.ObjectID)
	for _, sid := range id.SIDs {
		add(keySID, sid)
		if objectID, ok := accounts.ObjectIDFromSID(sid); ok {
			add(keyObjectID, objectID)
		}
	}
	add(keyUPN, id.UPN)
	if id.Domain != "" && id.Name != "" {
		add(keyName, id.Domain+`\`+id.Name)
		// Device tables say ACME where the directory says acme.local.
		label, _, _ := strings.Cut(id.Domain, ".")
		add(keyName, label+`\`+id.Name)
	}
	return keys
}

const (
	keyObjectID = "object_id:"
	keySID      = "sid:"
	keyUPN      = "upn:"
	keyName     = "name:"
)

func lookupKey(kind, value string) string { return kind + strings.ToLower(value) }

// identities is the directory of people. Its owner guards it.
type identities struct {
	byKey map[string]*identity
	index map[string][]*identity
}

func newIdentities() identities {
	return identities{byKey: map[string]*identity{}, index: map[string][]*identity{}}
}

// take keeps id unless what is known is newer. It reports whether anything but the time is new.
func (d *identities) take(id *identity) bool {
	key := id.key()
	before, known := d.byKey[key]
	switch {
	case key == "", known && id.Updated.Before(before.Updated), !known && len(d.byKey) >= maxDirectoryEntries:
		return false
	case known:
		d.unlink(before)
	}
	d.byKey[key] = id
	for _, k := range id.lookupKeys() {
		d.index[k] = append(d.index[k], id)
	}
	return !known || before.account() != id.account() || !slices.Equal(before.SIDs, id.SIDs)
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

// find returns the identity of an account: by SID, object id, UPN, then domain and name, the last
// not for local accounts. A name that several identities share tells nothing; ids and UPNs pass from
// an identity that was deleted to the one made in its place, so there the newest counts.
func (d *identities) find(a accounts.Account, local bool) *identity {
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
		if len(found) == 0 || len(found) > 1 && k.kind == keyName {
			continue
		}
		return slices.MaxFunc(found, func(a, b *identity) int { return a.Updated.Compare(b.Updated) })
	}
	return nil
}
