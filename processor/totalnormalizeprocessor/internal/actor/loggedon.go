package actor

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// loggedOn gives a row that no account of a person acted in to the one who was logged on: whom the row itself names,
// else, if it has no account at all, whom DeviceInfo does.
func (v *Resolver) loggedOn(r row.Row, nobodys accounts.Reason, device row.Device) Finding {
	if named := r.NamedLoggedOn(); len(named) > 0 {
		found, ok, several := v.onePersonOn(named, device)
		switch {
		case ok:
			return found
		case several && nobodys == "":
			return drop(reasonSeveralUsers)
		}
	}
	if nobodys != "" {
		return drop(string(nobodys))
	}
	if !v.loggedOnUsers || isFromElsewhere(r) {
		return drop(reasonNoAccount)
	}
	users, known := v.directories.LoggedOnAt(device.ID, r.Time)
	if !known {
		return drop(reasonNoAccount)
	}
	found, ok, several := v.onePersonOn(users, device)
	switch {
	case ok:
		return found
	case several:
		return drop(reasonSeveralUsers)
	default:
		return drop(reasonNobodyOn)
	}
}

// onePersonOn is onePerson of a device. A name without domain that no row of the device has explained is an account
// of the device's own.
func (v *Resolver) onePersonOn(list []accounts.Account, device row.Device) (found Finding, ok, several bool) {
	found, ok, several = v.onePerson(list, device, LoggedOnUser)
	if !ok {
		return found, ok, several
	}
	if found.Person.Ambiguous {
		return Finding{}, false, true
	}
	a := found.Account
	if a.Domain == "" && a.Name != "" && a.UPN == "" && a.SID == "" && a.ObjectID == "" && found.Person.Identity == nil {
		found.Account.Domain = device.Domain()
		found.Person = v.directories.Identify(found.Account, device)
	}
	return found, true, false
}

// isFromElsewhere reports whether the row tells of a logon over the network: whoever sits at the device did not try it.
func isFromElsewhere(r row.Row) bool {
	return isNetworkLogon(r) || r.Table.Event.Type == "AUTH" && strings.HasPrefix(strings.ToLower(r.Text("LogonType")), "remote")
}

// isNetworkLogon reports whether the row tells of a logon without a session on the device.
func isNetworkLogon(r row.Row) bool {
	return r.Table.Event.Type == "AUTH" && strings.HasPrefix(strings.ToLower(r.Text("LogonType")), "network")
}
