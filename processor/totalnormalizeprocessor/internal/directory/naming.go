package directory

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// Person is what the directories know of the owner of an account.
type Person struct {
	*Identity // nil: nothing

	// ByDevice: it is known by what rows of the same device have shown.
	ByDevice bool
	// Ambiguous: the account could be several people's.
	Ambiguous bool
}

// Identify finds the person that an account of a row is.
func (d *Directories) Identify(a accounts.Account, device row.Device) Person {
	d.mu.RLock()
	defer d.mu.RUnlock()
	local := device.Owns(a.Domain)
	known := d.people.identityOf(a, local)
	if known == nil && !local {
		// Rows may have shown the NetBIOS name of the domain alone.
		if label := d.domains.short(a.Domain); label != a.Domain {
			short := a
			short.Domain = label
			known = d.people.identityOf(short, false)
		}
	}
	if known != nil && known.UPN != "" {
		return Person{Identity: known}
	}
	full, found := d.people.completed(a, local, device)
	if !found.ByDevice && full == a {
		return Person{Identity: known, Ambiguous: found.Ambiguous}
	}
	said := identityOf(full, d.now())
	if again := d.people.identityOf(full, device.Owns(full.Domain)); again != nil {
		said = again.with(said)
	}
	if known != nil {
		said = known.with(said)
	}
	return Person{Identity: said, ByDevice: found.ByDevice}
}

// people is what is known of people. Its owner guards it.
type people struct {
	identities *identities // of IdentityInfo
	users      *identities // of Users
	learned    learned     // of event rows
	shown      shown       // of event rows, by device
}

func newPeople(limits Limits, changed func()) people {
	return people{
		identities: newIdentities(limits, (*Identity).key),
		users:      newIdentities(limits, (*Identity).key),
		learned:    newLearned(limits, changed),
		shown:      newShown(limits, changed),
	}
}

// byName are the directories that are found by all that names a person.
func (p *people) byName() map[string]*identities {
	return map[string]*identities{People: p.identities, Users: p.users, Learned: p.learned.identities}
}

// covers reports whether IdentityInfo and Users know a person under each of the names that a row says.
func (p *people) covers(a accounts.Account, said *Identity) bool {
	known := p.authority(a, false)
	return known != nil && known.UPN != "" && known.covers(said)
}

// completed adds to an account what its device has shown of it, or what only one person's display name says.
func (p *people) completed(a accounts.Account, local bool, device row.Device) (accounts.Account, Person) {
	hasID := a.SID != "" || a.UPN != "" || a.ObjectID != ""
	switch {
	case accounts.IsEntraDomain(a.Domain) && !hasID:
		return p.inEntra(a, device)
	case a.Domain == "" && a.Name != "" && !hasID:
		return p.bareName(a, device)
	case local, a.Domain == "" && a.SID != "":
		return p.ofDevice(a, device)
	}
	return a, Person{}
}

// inEntra reads AzureAD\name, which Windows makes of a person's display name.
func (p *people) inEntra(a accounts.Account, device row.Device) (accounts.Account, Person) {
	var list []accounts.Account
	for _, b := range p.shown.of(device.ID, func(b accounts.Account) bool { return isSameName(a, b) }) {
		if known := p.identityOf(b, false); known != nil {
			b = b.Merge(known.Account())
		}
		b.Domain, b.Name = "", "" // people of one name are not one person
		list = append(list, b)
	}
	list = accounts.Persons(list)
	switch {
	case len(list) == 1:
		return a.Merge(list[0]), Person{ByDevice: true}
	case len(list) > 1:
		return a, Person{Ambiguous: true}
	case !strings.EqualFold(a.Domain, "azuread"):
		return a, Person{}
	}
	for _, directory := range []*identities{p.identities, p.users, p.learned.identities} {
		for _, id := range directory.namedInEntra(a.Name) {
			list = append(list, p.account(id))
		}
	}
	list = accounts.Persons(list)
	if len(list) != 1 {
		return a, Person{Ambiguous: len(list) > 1}
	}
	if len(p.identities.namedInEntra(a.Name))+len(p.users.namedInEntra(a.Name)) == 0 {
		return a, Person{} // another device's word alone is not enough
	}
	return a.Merge(list[0]), Person{}
}

// account is an identity as an account, without the name.
func (p *people) account(id *Identity) accounts.Account {
	a := id.Account()
	if known := p.authority(a, true); known != nil {
		a = a.Merge(known.Account())
	}
	a.Domain, a.Name = "", ""
	return a
}

// bareName reads a name without domain.
func (p *people) bareName(a accounts.Account, device row.Device) (accounts.Account, Person) {
	list := p.owners(p.shown.of(device.ID, func(b accounts.Account) bool { return strings.EqualFold(a.Name, b.Name) }), device)
	if len(list) != 1 {
		return a, Person{Ambiguous: len(list) > 1}
	}
	return a.Merge(list[0]), Person{ByDevice: true}
}

// ofDevice reads an account of the device's own: by its SID, else by its name, where all rows that know
// both agree.
func (p *people) ofDevice(a accounts.Account, device row.Device) (accounts.Account, Person) {
	list := p.shown.of(device.ID, func(b accounts.Account) bool {
		if !device.Owns(b.Domain) {
			return false
		}
		if a.SID != "" && b.SID != "" {
			return strings.EqualFold(a.SID, b.SID)
		}
		return a.Name != "" && strings.EqualFold(a.Name, b.Name)
	})
	full := a
	for i, b := range list {
		for _, other := range list[i+1:] {
			if !agree(b, other) {
				return a, Person{Ambiguous: true}
			}
		}
		if b.Domain != "" && a.Domain != "" {
			b.Domain, b.Name = a.Domain, a.Name
		}
		full = full.Merge(b)
	}
	return full, Person{ByDevice: full != a}
}

// owners are the people whom a device's accounts are.
func (p *people) owners(list []accounts.Account, device row.Device) []accounts.Account {
	for i, a := range list {
		if known := p.identityOf(a, device.Owns(a.Domain)); known != nil {
			list[i] = a.Merge(known.Account())
		}
	}
	return accounts.Persons(list)
}

// identityOf is the person that an account is by itself; nil: nothing is known.
func (p *people) identityOf(a accounts.Account, local bool) *Identity {
	known := p.authority(a, local)
	if known != nil {
		if known.UPN != "" {
			return known
		}
		a = a.Merge(known.Account())
	}
	said := p.learned.find(a, local)
	if said == nil {
		return known
	}
	if known == nil {
		known = p.authority(said.Account(), true)
	}
	if known == nil {
		return said
	}
	return known.with(said)
}

// authority asks IdentityInfo and Users, each also under the ids that only the other knows. Where both speak
// the newer word counts.
func (p *people) authority(a accounts.Account, local bool) *Identity {
	one, other := p.identities.find(a, local), p.users.find(a, local)
	switch {
	case one == nil && other == nil:
		return nil
	case one == nil:
		one = p.identities.find(other.Account(), true)
	case other == nil:
		other = p.users.find(one.Account(), true)
	}
	switch {
	case one == nil:
		return other
	case other == nil:
		return one
	case one.Updated.Before(other.Updated):
		return other.with(one)
	default:
		return one.with(other)
	}
}
