package actor

import (
	"slices"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// Lesson is what a row says of an account.
type Lesson struct {
	Account accounts.Account
	Device  row.Device
}

// Lessons are what a row teaches: of its accounts those that act or are acted for, not what a failed logon was tried
// with.
func (v *Resolver) Lessons(r row.Row) []Lesson {
	var lessons []Lesson
	add := func(a accounts.Account, device row.Device) {
		if !a.IsEmpty() && (a.UPN != "" || a.Domain != "") {
			lessons = append(lessons, Lesson{Account: a, Device: device})
		}
	}
	device := v.Device(r)
	about := isAboutAccount(r)
	for _, columns := range r.Table.Accounts {
		if about && !columns.Initiating || columns.RemoteOnly && !r.IsRemote() {
			continue
		}
		at := device
		notUsing := columns.RemoteOnly || r.Table.Kind == tables.Alerts ||
			!columns.Initiating && (isNetworkLogon(r) || isFailedLogon(r.Text("ActionType")))
		if notUsing {
			at.ID = "" // it says nothing of who uses the device
		}
		add(r.Account(columns), at)
	}
	for _, user := range r.PosixUsers() {
		if user.UPN != "" {
			add(user.Account, device)
		}
	}
	if r.Table.Kind == tables.Alerts {
		// Whose device it is that these accounts are of is not said.
		for _, a := range append(slices.Clip(r.AlertUsers()), r.EntityAccount()) {
			if a.UPN != "" && (a.SID != "" || a.ObjectID != "") {
				add(a, row.Device{})
			}
		}
	}
	return lessons
}

func isFailedLogon(action string) bool { return strings.EqualFold(action, "LogonFailed") }

// IsTaught reports whether a lesson is about a person.
func (v *Resolver) IsTaught(l Lesson) bool {
	_, non := v.rules.NonHuman(l.Account, accounts.Facts{Local: l.Device.Owns(l.Account.Domain) || l.Device.IsUnnamed()})
	return !non
}
