package actor

import (
	"slices"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// acting are the accounts of a row that may have acted, in their order, empty ones left out. What two accounts of
// the row say of the same SID or the same name is put together: a logon row has the UPN only on the
// initiating process's side, a POSIX user perhaps only in AdditionalFields, an alert's evidence only among the
// alert's users.
func (v *Resolver) acting(r row.Row, device row.Device) []candidate {
	initiatingOnly := isInbound(r) || isAboutAccount(r)
	var list []candidate
	for _, c := range inColumns(r) {
		if c.initiating || !initiatingOnly {
			list = append(list, c)
		}
	}
	if r.Table.Kind == tables.Alerts {
		return withAlertUsers(r, evidenceAccounts(r, list))
	}
	posix := r.PosixUsers()
	var more []candidate
	for _, user := range posix {
		// Who started the process that accepts a connection does not act in it.
		if !isInbound(r) && (user.Initiating || !initiatingOnly) {
			more = append(more, v.posixCandidate(r, user, device))
		}
	}
	for i := range list {
		v.addUID(r, &list[i], posix, device)
	}
	return withEachOther(append(list, more...))
}

// inColumns are the accounts of the row's columns.
func inColumns(r row.Row) []candidate {
	remote := r.IsRemote()
	list := make([]candidate, 0, len(r.Table.Accounts))
	for _, columns := range r.Table.Accounts {
		if columns.RemoteOnly && !remote {
			continue
		}
		if a := r.Account(columns); !a.IsEmpty() {
			list = append(list, candidate{account: a, way: Account, initiating: columns.Initiating})
		}
	}
	return list
}

func withEachOther(list []candidate) []candidate {
	for i := range list {
		for _, other := range list {
			if list[i].account.SameAs(other.account) {
				list[i].account = list[i].account.Merge(other.account)
			}
		}
	}
	return list
}

// posixCandidate is a POSIX user of a row. A uid that has no name is an account all the same.
func (v *Resolver) posixCandidate(r row.Row, user row.PosixUser, device row.Device) candidate {
	return candidate{
		account: user.Account, way: PosixUser, initiating: user.Initiating,
		facts: accounts.Facts{UID: user.UID, Apple: v.isApple(r, user, device)},
	}
}

// addUID gives an account of a column the uid that AdditionalFields have for it.
func (v *Resolver) addUID(r row.Row, c *candidate, posix []row.PosixUser, device row.Device) {
	for _, user := range posix {
		unnamed := user.Name == "" && user.SID == ""
		if unnamed && user.Initiating == c.initiating || !unnamed && strings.EqualFold(user.Name, c.account.Name) {
			c.facts.UID, c.facts.Apple = user.UID, v.isApple(r, user, device)
			return
		}
	}
}

// isApple reports whether a uid is one of macOS: as DeviceInfo says, else as the row shows. Only there do the
// accounts have SIDs of Windows' kind.
func (v *Resolver) isApple(r row.Row, user row.PosixUser, device row.Device) bool {
	if apple, known := v.directories.IsApple(device.ID); known {
		return apple
	}
	if user.Apple {
		return true
	}
	for _, columns := range r.Table.Accounts {
		if r.Account(columns).SID != "" {
			return true
		}
	}
	if slices.ContainsFunc(r.PosixUsers(), func(other row.PosixUser) bool { return other.Apple }) {
		return true
	}
	return isApplePath(r.Text("FolderPath")) || isApplePath(r.Text("InitiatingProcessFolderPath"))
}

func isApplePath(path string) bool {
	return slices.ContainsFunc(applePaths, func(beginning string) bool { return strings.HasPrefix(path, beginning) })
}

// applePaths begin paths that Linux does not have.
var applePaths = []string{"/Users/", "/Applications/", "/System/", "/Library/", "/private/", "/Volumes/"}

// isInbound reports whether the row tells of a connection from elsewhere. It is the act of a person at this device
// only where that person's process accepts it.
func isInbound(r row.Row) bool {
	if isInboundAction(r.Table, r.Text("ActionType")) {
		return true
	}
	if !r.Mentions(wordDirection) {
		return false
	}
	switch strings.ToLower(strings.TrimSpace(r.Field("direction"))) {
	case "in", inbound:
		return true
	}
	return false
}

const (
	inbound = "inbound"
	// wordDirection is the word that AdditionalFields have which say a connection's direction.
	wordDirection = "irection"
)

func isInboundAction(t *tables.Table, action string) bool {
	return t.Event.Type == "NETWORK" && beginsWith(action, inbound) || beginsWith(action, "firewall"+inbound)
}

// isAboutAccount reports whether the row tells of an account that was made, changed or checked. The account in its
// columns is then the one that it was done to.
func isAboutAccount(r row.Row) bool { return isAboutAccountAction(r.Table, r.Text("ActionType")) }

func isAboutAccountAction(t *tables.Table, action string) bool {
	return slices.ContainsFunc(t.AccountActions, func(beginning string) bool { return beginsWith(action, beginning) })
}

// beginsWith compares in any case.
func beginsWith(text, beginning string) bool {
	return len(text) >= len(beginning) && strings.EqualFold(text[:len(beginning)], beginning)
}
