package actor

import (
	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

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
