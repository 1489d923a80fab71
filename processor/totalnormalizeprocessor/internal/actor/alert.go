package actor

import (
	"slices"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// evidenceAccounts are those of an evidence row: of its columns, else the one inside its entity.
func evidenceAccounts(r row.Row, inColumns []candidate) []candidate {
	if len(inColumns) > 0 {
		return inColumns
	}
	if a := r.EntityAccount(); !a.IsEmpty() {
		return []candidate{{account: a, way: EvidenceAccount}}
	}
	return nil
}

// withAlertUsers adds to each account what the alert's users say of the same person.
func withAlertUsers(r row.Row, list []candidate) []candidate {
	if len(list) == 0 {
		return nil
	}
	users := r.AlertUsers()
	if len(users) == 0 {
		return list
	}
	for i, c := range list {
		if len(users) > mostForms {
			users = slices.DeleteFunc(slices.Clone(users), func(u accounts.Account) bool { return !c.account.Resembles(u) })
		}
		// The first person is the one that the account belongs to.
		people := accounts.Persons(append([]accounts.Account{c.account}, users...))
		list[i].account = c.account.Merge(people[0])
	}
	return list
}

// inAlert finds the person of an evidence row that has no account itself: the recipient of mail,
// else the alert's user if there is exactly one, else who was logged on.
func (v *Resolver) inAlert(r row.Row, nobodys accounts.Reason, device row.Device) Finding {
	if nobodys == "" {
		if isMail(r.Text("EntityType")) {
			if found, ok, _ := v.onePerson(r.Recipients(), device, MailRecipient); ok {
				return found
			}
		}
		if found, ok, _ := v.onePerson(r.AlertUsers(), device, AlertUser); ok {
			return found
		}
	}
	return v.loggedOn(r, nobodys, device)
}

// isMail reports whether a type of entity is one of mail, which has a recipient.
func isMail(entityType string) bool { return strings.Contains(strings.ToLower(entityType), "mail") }
