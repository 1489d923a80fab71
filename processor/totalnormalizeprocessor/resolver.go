package totalnormalizeprocessor

import (
	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// resolver finds out who acted.
type resolver struct {
	rules         *accounts.Rules
	directories   *directories
	loggedOnUsers bool
}

// finding is whose act a row is, or that it is nobody's.
type finding struct {
	account  accounts.Account
	identity *identity // what the directory says of the account; nil: nothing
	reason   string    // by what the account was found, or why the row is dropped
	dropped  bool
}

func drop(reason string) finding { return finding{reason: reason, dropped: true} }

// whoActed applies the rules in their order: the row's accounts, what an alert says of the people it
// is about, who is logged on at the device.
func (v *resolver) whoActed(r row) finding {
	if r.isInbound() {
		return drop(reasonInbound)
	}
	device := v.deviceOf(r)
	listed := r.accounts()
	nobodys := accounts.Reason("")
	if found, why, ok := v.firstHuman(listed, device); ok {
		found.reason = foundAccount
		return found
	} else if len(listed) > 0 {
		nobodys = why
	}
	if r.plan.table.Kind == tables.Alerts {
		if nobodys == "" {
			if found, ok := v.inAlert(r, device); ok {
				return found
			}
		}
	} else {
		posix := r.posixAccounts()
		if found, why, ok := v.firstHuman(posix, device); ok {
			found.reason = foundPosix
			return found
		} else if nobodys == "" {
			nobodys = why
		}
	}
	if nobodys != "" {
		return drop(string(nobodys))
	}
	return v.loggedOn(r, device)
}

func (v *resolver) deviceOf(r row) deviceNames {
	return deviceNames{row: r.text("DeviceName"), directory: v.directories.deviceName(r.text("DeviceId"))}
}

// firstHuman returns the first account that is a person's; else why the first one is not.
func (v *resolver) firstHuman(list []accounts.Account, device deviceNames) (finding, accounts.Reason, bool) {
	first := accounts.Reason("")
	for _, a := range list {
		found, reason, human := v.human(a, device)
		if human {
			return found, "", true
		}
		if first == "" {
			first = reason
		}
	}
	return finding{}, first, false
}

// human looks the account up, too: the user's patterns may name what only the directory knows.
func (v *resolver) human(a accounts.Account, device deviceNames) (finding, accounts.Reason, bool) {
	if reason, non := v.rules.NonHuman(a); non {
		return finding{}, reason, false
	}
	id := v.directories.identityOf(a, device.own(a.Domain))
	if id != nil {
		if reason, non := v.rules.NonHuman(a.Merge(id.account())); non {
			return finding{}, reason, false
		}
	}
	return finding{account: a, identity: id}, "", true
}

// onePerson returns the one person that the human accounts of the list are; several reports that
// they are more than one.
func (v *resolver) onePerson(list []accounts.Account, device deviceNames) (found finding, ok, several bool) {
	var people []accounts.Account
	for _, a := range list {
		f, _, human := v.human(a, device)
		if !human {
			continue
		}
		if f.identity != nil {
			// What the directory knows shows that accounts without a common part are one person's.
			people = append(people, f.account.Merge(f.identity.account()))
			continue
		}
		people = append(people, f.account)
	}
	people = accounts.Persons(people)
	if len(people) != 1 {
		return finding{}, false, len(people) > 1
	}
	return finding{account: people[0], identity: v.directories.identityOf(people[0], device.own(people[0].Domain))}, true, false
}

// loggedOn gives a row that has no account to the one person logged on at its device.
func (v *resolver) loggedOn(r row, device deviceNames) finding {
	if !v.loggedOnUsers {
		return drop(reasonNoAccount)
	}
	users, known := v.directories.loggedOnAt(r.text("DeviceId"), r.time)
	if !known {
		return drop(reasonNoAccount)
	}
	found, ok, several := v.onePerson(users, device)
	switch {
	case ok:
		found.reason = foundLoggedOnBy
		return found
	case several:
		return drop(reasonSeveralUsers)
	default:
		return drop(reasonNobodyOn)
	}
}
