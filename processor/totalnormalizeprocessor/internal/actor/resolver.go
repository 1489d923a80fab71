package actor

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// Resolver finds out who acted.
type Resolver struct {
	rules         *accounts.Rules
	directories   *directory.Directories
	loggedOnUsers bool
}

// NewResolver returns a resolver. With loggedOnUsers a row without any account goes to the one person logged on at
// its device.
func NewResolver(rules *accounts.Rules, directories *directory.Directories, loggedOnUsers bool) *Resolver {
	return &Resolver{rules: rules, directories: directories, loggedOnUsers: loggedOnUsers}
}

// Finding is whose act a row is, or that it is nobody's.
type Finding struct {
	Account accounts.Account
	// Person is what the directories say of the account.
	Person directory.Person
	Device row.Device
	Way    Way
	// Dropped is why the row is nobody's; empty: it is somebody's.
	Dropped string
}

// Full is the account with all that the directories say of it.
func (f Finding) Full() accounts.Account {
	if f.Person.Identity == nil {
		return f.Account
	}
	return f.Account.Merge(f.Person.Account())
}

func drop(reason string) Finding { return Finding{Dropped: reason} }

// WhoActed applies the rules in their order: the row's accounts, what an alert says of the people it
// is about, who is logged on at the device.
func (v *Resolver) WhoActed(r row.Row) Finding {
	found := v.whoActed(r)
	if found.Dropped == "" && found.Way == Account && found.Person.ByDevice {
		found.Way = DeviceAccount
	}
	return found
}

func (v *Resolver) whoActed(r row.Row) Finding {
	device := v.Device(r)
	acting := v.acting(r, device)
	found, nobodys, ok := v.firstHuman(acting, device)
	switch {
	case ok:
		return found
	case isInbound(r):
		return drop(reasonInbound)
	case isAboutAccount(r):
		return drop(row.First(string(nobodys), reasonNoAccount))
	case r.Table.Kind == tables.Alerts:
		return v.inAlert(r, nobodys, device)
	}
	return v.loggedOn(r, nobodys, device)
}

// Device is the device of a row; where evidence has none, its entity's.
func (v *Resolver) Device(r row.Row) row.Device {
	id := r.Text("DeviceId")
	if id == "" && r.Table.Kind == tables.Alerts {
		id = r.EntityDevice()
	}
	id = strings.ToLower(id)
	return row.Device{ID: id, Name: r.Text("DeviceName"), Known: v.directories.DeviceName(id)}
}

// firstHuman returns the first account that is a person's; else why the first one is not.
func (v *Resolver) firstHuman(list []candidate, device row.Device) (Finding, accounts.Reason, bool) {
	first := accounts.Reason("")
	for _, c := range list {
		found, reason, human := v.human(c, device)
		if human {
			return found, "", true
		}
		if first == "" {
			first = reason
		}
	}
	return Finding{}, first, false
}

// human looks the account up, too: a directory may know that a daemon's name is a person's, and the user's patterns
// may name what only the directory knows.
func (v *Resolver) human(c candidate, device row.Device) (Finding, accounts.Reason, bool) {
	facts := c.facts
	facts.Local = device.Owns(c.account.Domain) || device.IsUnnamed()
	reason, non := v.rules.NonHuman(c.account, facts)
	if non && !v.rules.MayYield(c.account, facts) {
		return Finding{}, reason, false
	}
	person := v.directories.Identify(c.account, device)
	if person.Identity != nil {
		facts.Service = person.Service
		reason, non = v.rules.NonHuman(c.account.Merge(person.Account()), facts)
	}
	if non {
		return Finding{}, reason, false
	}
	return Finding{Account: c.account, Person: person, Device: device, Way: c.way}, "", true
}

// mostForms is how many forms of one person's account a list may hold. Of an alert that is about half a company it is
// known without comparing them all that it is about several.
const mostForms = 64

// onePerson returns the one person that the human accounts of the list are; several reports that
// they are more than one.
func (v *Resolver) onePerson(list []accounts.Account, device row.Device, way Way) (found Finding, ok, several bool) {
	var people []accounts.Account
	for _, a := range list {
		if len(people) > mostForms {
			return Finding{}, false, true // one person has not so many accounts
		}
		f, _, human := v.human(candidate{account: a}, device)
		switch {
		case !human:
		case f.Person.Identity != nil:
			// What the directory knows shows that accounts without a common part are one person's.
			people = append(people, f.Account.Merge(f.Person.Account()))
		default:
			people = append(people, f.Account)
		}
	}
	people = accounts.Persons(people)
	if len(people) != 1 {
		return Finding{}, false, len(people) > 1
	}
	person := v.directories.Identify(people[0], device)
	return Finding{Account: people[0], Person: person, Device: device, Way: way}, true, false
}
