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

// Device is the device of a row; where evidence has none, its entity's.
func (v *Resolver) Device(r row.Row) row.Device {
	id := r.Text("DeviceId")
	if id == "" && r.Table.Kind == tables.Alerts {
		id = r.EntityDevice()
	}
	id = strings.ToLower(id)
	return row.Device{ID: id, Name: r.Text("DeviceName"), Known: v.directories.DeviceName(id)}
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
