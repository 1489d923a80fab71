package directory

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// maxForms bounds the names that an account is remembered under.
const maxForms = 4

// Identity is what a directory says of a person.
type Identity struct {
	sighting

	Updated  time.Time
	UPN      string
	ObjectID string
	Domain   string
	Name     string
	SIDs     []string // the on-premises one first
	// Forms are other `DOMAIN\name` of the same account: a domain has a NetBIOS and a DNS name.
	Forms []string
	// DisplayName is the person's full name. Windows makes the name of an Entra account of it.
	DisplayName string
	// EntraNames are the names that rows have shown beside the domain AzureAD.
	EntraNames []string
	// Service: the directory calls it a service account.
	Service bool
	// Removed is of a person whom Graph no longer has. What they did before may still come; their UPN
	// and name may be another's by now.
	Removed bool
}

// serviceTypes are what IdentityInfo calls accounts that are no person's, lower case and without blanks.
var serviceTypes = map[string]bool{
	"serviceaccount": true, "service": true, "serviceprincipal": true, "managedserviceaccount": true, "groupmanagedserviceaccount": true,
	"gmsa": true, "smsa": true, "dmsa": true, "managedidentity": true, "application": true, "workload": true, "computer": true, "device": true,
	"machine": true, "group": true,
}

func isServiceType(text string) bool {
	return serviceTypes[strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, text))]
}

func identityInfoOf(r row.Row) *Identity {
	a := r.Account(tables.Account{Domain: "AccountDomain", Name: "AccountName", UPN: "AccountUpn", ObjectID: "AccountObjectId"})
	id := &Identity{
		Updated: r.Time, UPN: a.UPN, ObjectID: a.ObjectID, Domain: a.Domain, Name: a.Name,
		DisplayName: r.Text("AccountDisplayName"), Service: isServiceType(r.Text("Type")),
	}
	id.addSIDs(r.Text("OnPremSid"), r.Text("CloudSid"))
	return id
}

func userOf(r row.Row) *Identity {
	id := &Identity{
		Updated: r.Time, UPN: r.Text(tables.UserPrincipalName), ObjectID: r.Text(tables.UserID),
		Domain: r.Text(tables.UserOnPremisesDomain), Name: r.Text(tables.UserOnPremisesAccountName),
		DisplayName: r.Text("displayName"), Removed: strings.EqualFold(r.Text(tables.UserRemoved), "true"),
	}
	id.addSIDs(r.Text(tables.UserOnPremisesSID), r.Text(tables.UserSecurityIdentifier))
	return id
}

// identityOf is an account as far as rows tell it.
func identityOf(a accounts.Account, at time.Time) *Identity {
	id := &Identity{Updated: at, UPN: a.UPN, ObjectID: a.ObjectID, Domain: a.Domain, Name: a.Name}
	id.addSIDs(a.SID)
	return id
}

func (id *Identity) addSIDs(sids ...string) {
	for _, sid := range sids {
		if sid != "" && !containsFold(id.SIDs, sid) {
			id.SIDs = append(id.SIDs, sid)
		}
	}
}

func containsFold(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) })
}

// Account is the identity seen as an account.
func (id *Identity) Account() accounts.Account {
	a := accounts.Account{Domain: id.Domain, Name: id.Name, UPN: id.UPN, ObjectID: id.ObjectID}
	if len(id.SIDs) > 0 {
		a.SID = id.SIDs[0]
	}
	return a
}

// names are all `DOMAIN\name` of the account, the newest first.
func (id *Identity) names() []string {
	var all []string
	if name := id.Account().DomainName(); name != "" {
		all = append(all, name)
	}
	return append(all, id.Forms...)
}

// keepForms adds the names that other has for the same account. A name that went with another SID was another's.
func (id *Identity) keepForms(other *Identity) {
	if id.contradicts(other.SIDs) {
		return
	}
	for _, form := range other.names() {
		_, name, _ := strings.Cut(form, `\`)
		if len(id.Forms) < maxForms && strings.EqualFold(name, id.Name) && !containsFold(id.names(), form) {
			id.Forms = append(slices.Clone(id.Forms), form)
		}
	}
}

// contradicts reports whether the identity has a SID of the same kind as one of these, and none of them.
func (id *Identity) contradicts(sids []string) bool {
	for _, sid := range sids {
		sameKind := func(mine string) bool { return accounts.IsEntraSID(mine) == accounts.IsEntraSID(sid) }
		if sid != "" && slices.ContainsFunc(id.SIDs, sameKind) && !containsFold(id.SIDs, sid) {
			return true
		}
	}
	return false
}

// saysTheSame reports whether id and other differ in nothing but the time.
func (id *Identity) saysTheSame(other *Identity) bool {
	return id.Account() == other.Account() && id.Removed == other.Removed && id.Service == other.Service &&
		id.DisplayName == other.DisplayName && slices.Equal(id.SIDs, other.SIDs) && slices.Equal(id.Forms, other.Forms) &&
		slices.Equal(id.EntraNames, other.EntraNames)
}

// with is id, completed by what other says of the same person.
func (id *Identity) with(other *Identity) *Identity {
	a := id.Account().Merge(other.Account())
	merged := &Identity{
		Updated: id.Updated, UPN: a.UPN, ObjectID: a.ObjectID, Domain: a.Domain, Name: a.Name,
		SIDs: slices.Clone(id.SIDs), Forms: slices.Clone(id.Forms), EntraNames: slices.Clone(id.EntraNames),
		DisplayName: row.First(id.DisplayName, other.DisplayName), Service: id.Service || other.Service,
	}
	merged.keepForms(other)
	merged.addSIDs(other.SIDs...)
	for _, name := range other.EntraNames {
		if len(merged.EntraNames) < maxForms && !containsFold(merged.EntraNames, name) {
			merged.EntraNames = append(merged.EntraNames, name)
		}
	}
	return merged
}

// key is what stays when a person's names change; empty: the row names nobody.
func (id *Identity) key() string {
	keys := id.lookupKeys()
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}

// lookupKeys are all keys that name the person, the steadiest first.
func (id *Identity) lookupKeys() []string {
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
	for _, form := range id.names() {
		add(keyName, form)
		// Device tables say ACME where the directory says acme.local.
		domain, name, _ := strings.Cut(form, `\`)
		add(keyName, accounts.DomainLabel(domain)+`\`+name)
	}
	return keys
}

// indexKeys are all keys under which the identity is found.
func (id *Identity) indexKeys() []string {
	keys := id.lookupKeys()
	if len(keys) == 0 || id.Removed {
		return keys
	}
	for _, name := range append([]string{id.DisplayName}, id.EntraNames...) {
		if name = withoutBlanks(name); name != "" && !slices.Contains(keys, lookupKey(keyEntraName, name)) {
			keys = append(keys, lookupKey(keyEntraName, name))
		}
	}
	return keys
}

// withoutBlanks is what Windows makes of a display name.
func withoutBlanks(name string) string { return strings.Join(strings.Fields(name), "") }

const (
	keyObjectID = "object_id:"
	keySID      = "sid:"
	keyUPN      = "upn:"
	keyName     = "name:"
	// keyEntraName is of names beside the domain AzureAD, which more than one person may have.
	keyEntraName = "entra_name:"
)

func lookupKey(kind, value string) string { return kind + strings.ToLower(value) }
