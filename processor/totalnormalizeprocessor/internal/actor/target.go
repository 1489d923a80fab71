package actor

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// Target is what an event about accounts was done to.
type Target struct{ User, Group string }

var (
	groupFields  = tables.Account{Domain: "GroupDomainName", Name: "GroupName", SID: "GroupSid"}
	memberFields = tables.Account{Domain: "MemberDomainName", Name: "MemberName", SID: "MemberSid"}
)

// Target names the user or group of an event about accounts; empty for every other row. The older form of group
// events has the group in the account columns and the member in AdditionalFields, the newer one the other way
// round.
func (v *Resolver) Target(r row.Row) Target {
	if !isAboutAccount(r) || len(r.Table.Accounts) == 0 {
		return Target{}
	}
	device := v.Device(r)
	subject := r.Account(r.Table.Accounts[0])
	group, member := fieldAccount(r, groupFields), fieldAccount(r, memberFields)
	action := strings.ToLower(r.Text("ActionType"))
	switch {
	case strings.HasPrefix(action, "securitygroup"), strings.HasPrefix(action, "localgroup"):
		return Target{User: v.nameOf(member, device), Group: groupName(firstAccount(subject, group))}
	case strings.Contains(action, "group"):
		if group.IsEmpty() && !member.IsEmpty() || isGroupSID(subject.SID) {
			group, subject = subject, member
		}
		return Target{User: v.nameOf(subject, device), Group: groupName(group)}
	}
	return Target{User: v.nameOf(subject, device)}
}

// nameOf is the user name of any account, a person's or not.
func (v *Resolver) nameOf(a accounts.Account, device row.Device) string {
	if a.IsEmpty() {
		return ""
	}
	return v.Person(Finding{Account: a, Person: v.directories.Identify(a, device), Device: device}).User
}

func groupName(a accounts.Account) string { return row.First(a.DomainName(), a.Name, a.SID) }

func firstAccount(a, b accounts.Account) accounts.Account {
	if a.IsEmpty() {
		return b
	}
	return a
}

func isGroupSID(sid string) bool { return strings.HasPrefix(strings.ToUpper(sid), "S-1-5-32-") }

func fieldAccount(r row.Row, keys tables.Account) accounts.Account {
	return accounts.Account{Domain: r.Field(keys.Domain), Name: r.Field(keys.Name), SID: r.Field(keys.SID)}.Clean()
}
