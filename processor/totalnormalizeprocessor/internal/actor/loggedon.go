package actor

import (
	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
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
	found := drop(reasonNoAccount)
	if users, known := v.directories.LoggedOnAt(device.ID, r.Time); known {
		one, ok, several := v.onePersonOn(users, device)
		switch {
		case ok:
			found = one
		case several:
			found = drop(reasonSeveralUsers)
		default:
			found = drop(reasonNobodyOn)
		}
	}
	found.Momentary = true
	return found
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
	return isNetworkLogon(r) || isRemoteLogonType(r.Table, r.Text("LogonType"))
}

// isNetworkLogon reports whether the row tells of a logon without a session on the device.
func isNetworkLogon(r row.Row) bool { return isNetworkLogonType(r.Table, r.Text("LogonType")) }

func isNetworkLogonType(t *tables.Table, logonType string) bool {
	return t.Event.Type == "AUTH" && beginsWith(logonType, "network")
}

func isRemoteLogonType(t *tables.Table, logonType string) bool {
	return t.Event.Type == "AUTH" && beginsWith(logonType, "remote")
}
