package actor

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// Person is who acted, as an event names them.
type Person struct {
	// User is the event's `user`.
	User string
	// Key is the same, lower case, however the person's rows name them, as far as the directory knows
	// or the names allow. Derived tuids depend on it.
	Key string
	// Names are what the mapping file is asked for, in this order.
	Names []string
}

// Person names who acted.
func (v *Resolver) Person(f Finding) Person {
	a, known := f.Account, accounts.Account{}
	var sids, forms []string
	if f.Person.Identity != nil {
		known, sids, forms = f.Person.Account(), f.Person.SIDs, f.Person.Forms
	}
	full := a.Merge(known)
	p := Person{User: row.First(full.UPN, full.DomainName(), full.Name, full.SID, full.ObjectID)}
	p.Key = strings.ToLower(row.First(known.UPN, full.UPN, v.stableName(full, f.Device), p.User))
	p.Names = append(append([]string{a.UPN, known.UPN, a.SID}, sids...), a.DomainName(), known.DomainName())
	p.Names = append(append(p.Names, forms...), a.EntraID(), known.EntraID())
	return p
}

// stableName is how an account without UPN is best told from others, whatever form its domain has. Two people of an
// Entra tenant may have the same AzureAD\name, and a name without domain is no name at all, so there the ids come
// first, and without ids the name means somebody at that device.
func (v *Resolver) stableName(a accounts.Account, device row.Device) string {
	switch {
	case a.DomainName() != "" && device.Owns(a.Domain):
		return v.atDevice(device.Domain()+`\`+a.Name, device)
	case a.DomainName() != "" && !accounts.IsEntraDomain(a.Domain):
		return v.directories.ShortDomain(a.Domain) + `\` + a.Name
	case a.EntraID() != "" || a.SID != "":
		return row.First(a.EntraID(), a.SID)
	case a.DomainName() != "" && device.ID != "":
		return a.DomainName() + "@" + device.ID
	case a.Name != "" && device.Domain() != "":
		return v.atDevice(device.Domain()+`\`+a.Name, device)
	case a.Name != "" && device.ID != "":
		return a.Name + "@" + device.ID
	}
	return a.DomainName()
}

// atDevice tells apart the devices of one name.
func (v *Resolver) atDevice(name string, device row.Device) string {
	if device.ID != "" && v.directories.HasNamesake(device) {
		return name + "@" + device.ID
	}
	return name
}
