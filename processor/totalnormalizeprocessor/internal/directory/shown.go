package directory

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// maxShown is how many accounts are remembered of a device. What more there are is not taken in: one that lets
// thousands in would forget each before it is asked for, and be stored all the time.
const maxShown = 256

// shown is the directory of the accounts that rows of a device have shown, by DeviceId. It tells whose a name is
// that means little by itself: AzureAD\name without SID, a name without domain, an account of the device's own. Its
// owner guards it.
type shown struct {
	*aging[*shownAccounts]

	changed func() // told of every change
}

type shownAccounts struct {
	sighting

	accounts []accounts.Account
}

func newShown(limits Limits, changed func()) shown {
	return shown{newAging(limits, func(*shownAccounts) {}), changed}
}

// shows reports whether a row that has an account tells what a name means at its device.
func shows(a accounts.Account, device row.Device) bool {
	if device.ID == "" || a.DomainName() == "" || a.UPN != "" && !isUPN(a.UPN) {
		return false
	}
	return !accounts.IsEntraDomain(a.Domain) || a.SID != "" || a.UPN != "" || a.ObjectID != ""
}

func (d shown) knows(a accounts.Account, deviceID string, now time.Time) bool {
	known, ok := d.entries[deviceID]
	const share = 64
	return ok && now.Sub(known.seen) < d.limits.MaxAge/share && (len(known.accounts) >= maxShown ||
		slices.ContainsFunc(known.accounts, func(b accounts.Account) bool { return isSameAccount(a, b) && b.Merge(a) == b }))
}

// take adds an account to what the device has shown. It returns the entry if it is worth storing.
func (d shown) take(a accounts.Account, deviceID string, now time.Time) *shownAccounts {
	known, ok := d.entries[deviceID]
	if !ok {
		known = &shownAccounts{}
	}
	at := slices.IndexFunc(known.accounts, func(b accounts.Account) bool { return isSameAccount(a, b) })
	changed := at < 0 && len(known.accounts) < maxShown || at >= 0 && known.accounts[at].Merge(a) != known.accounts[at]
	if changed {
		d.changed()
		// The store may hold the old list, so it is not changed in place.
		known.accounts = slices.Clone(known.accounts)
		if at < 0 {
			known.accounts = append(known.accounts, a)
		} else {
			known.accounts[at] = known.accounts[at].Merge(a)
		}
	}
	d.see(deviceID, known, now)
	if changed || d.worthStoring(known) {
		return known
	}
	return nil
}

// isSameAccount reports whether a device means one account by both. Of Entra ID's it may have two of one name.
func isSameAccount(a, b accounts.Account) bool {
	if !isSameName(a, b) || !agree(a, b) {
		return false
	}
	same := func(x, y string) bool { return x != "" && strings.EqualFold(x, y) }
	return !accounts.IsEntraDomain(a.Domain) || same(a.SID, b.SID) || same(a.UPN, b.UPN) || same(a.EntraID(), b.EntraID())
}

func isSameName(a, b accounts.Account) bool {
	return strings.EqualFold(a.Name, b.Name) && strings.EqualFold(a.Domain, b.Domain)
}

// agree reports whether two accounts say nothing different.
func agree(a, b accounts.Account) bool {
	differ := func(x, y string) bool { return x != "" && y != "" && !strings.EqualFold(x, y) }
	return !differ(a.SID, b.SID) && !differ(a.UPN, b.UPN) && !differ(a.EntraID(), b.EntraID())
}

// of are the accounts of a device for which matches is true.
func (d shown) of(deviceID string, matches func(accounts.Account) bool) []accounts.Account {
	known, ok := d.entries[deviceID]
	if !ok {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(known.accounts), func(a accounts.Account) bool { return !matches(a) })
}
