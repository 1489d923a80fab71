package totalnormalizeprocessor

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// identity is what a directory says of a person.
type identity struct {
	sighting

	Updated  time.Time `json:"updated"`
	UPN      string    `json:"upn,omitempty"`
	ObjectID string    `json:"object_id,omitempty"`
	Domain   string    `json:"domain,omitempty"`
	Name     string    `json:"name,omitempty"`
	SIDs     []string  `json:"sids,omitempty"` // the on-premises one first
	// Removed is of a person whom Graph no longer has. What they did before may still come; their UPN
	// and name may be another's by now.
	Removed bool `json:"removed,omitempty"`
}

func identityInfoOf(r row) *identity {
	id := &identity{
		Updated: r.time, UPN: r.text("AccountUpn"), ObjectID: r.text("AccountObjectId"),
		Domain: r.text("AccountDomain"), Name: r.text("AccountName"),
	}
	id.addSIDs(r.text("OnPremSid"), r.text("CloudSid"))
	return id
}

func userOf(r row) *identity {
	id := &identity{
		Updated: r.time, UPN: r.text(tables.UserPrincipalName), ObjectID: r.text(tables.UserID),
		Domain: r.text(tables.UserOnPremisesDomain), Name: r.text(tables.UserOnPremisesAccountName),
		Removed: strings.EqualFold(r.text(tables.UserRemoved), "true"),
	}
	id.addSIDs(r.text(tables.UserOnPremisesSID), r.text(tables.UserSecurityIdentifier))
	return id
}

func (id *identity) addSIDs(sids ...string) {
	for _, sid := range sids {
		if sid != "" && !slices.ContainsFunc(id.SIDs, func(s string) bool { return strings.EqualFold(s, sid) }) {
			id.SIDs = append(id.SIDs, sid)
		}
	}
}

// account is the identity seen as an account.
func (id *identity) account() accounts.Account {
	a := accounts.Account{Domain: id.Domain, Name: id.Name, UPN: id.UPN, ObjectID: id.ObjectID}
	if len(id.SIDs) > 0 {
		a.SID = id.SIDs[0]
	}
	return a
}

// saysTheSame reports whether id and other differ in nothing but the time.
func (id *identity) saysTheSame(other *identity) bool {
	return id.account() == other.account() && id.Removed == other.Removed && slices.Equal(id.SIDs, other.SIDs)
}

// with is id, completed by what other says of the same person.
func (id *identity) with(other *identity) *identity {
	a := id.account().Merge(other.account())
	merged := &identity{
		Updated: id.Updated, UPN: a.UPN, ObjectID: a.ObjectID, Domain: a.Domain, Name: a.Name, SIDs: slices.Clone(id.SIDs),
	}
	merged.addSIDs(other.SIDs...)
	return merged
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
	if id.Removed {
		return keys
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
