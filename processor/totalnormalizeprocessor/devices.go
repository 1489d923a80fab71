package totalnormalizeprocessor

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// maxLogonChanges is how many changes of a device's logged-on users are remembered for late rows.
const maxLogonChanges = 16

// device is what DeviceInfo says of a device.
type device struct {
	sighting

	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Logons is who was logged on from when, oldest first, equal neighbours left out.
	Logons []logons `json:"logons,omitempty"`
}

type logons struct {
	Since time.Time          `json:"since"`
	Users []accounts.Account `json:"users"`
}

var loggedOnAccount = tables.Account{Domain: "DomainName", Name: "UserName", SID: "Sid"}

// loggedOnIn are the users that a DeviceInfo row lists; false: it does not say. Partial reports have
// no list, which is not an empty one.
func loggedOnIn(r row) ([]accounts.Account, bool) {
	v, ok := r.json("LoggedOnUsers")
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return nil, false
	}
	return r.accountList("LoggedOnUsers", loggedOnAccount), true
}

// devices is the directory of devices, by DeviceId in lower case. Its owner guards it.
type devices struct{ *aging[*device] }

func newDevices(limits DirectoriesConfig) devices {
	return devices{newAging(limits, func(*device) {})}
}

// take learns from a DeviceInfo row. It returns the device if it is worth storing.
func (d devices) take(r row, now time.Time) *device {
	id := strings.ToLower(r.text("DeviceId"))
	if id == "" {
		return nil
	}
	known, ok := d.entries[id]
	if !ok {
		known = &device{ID: id}
	}
	changed := !ok
	if name := r.text("DeviceName"); name != "" && name != known.Name {
		known.Name, changed = name, true
	}
	if users, ok := loggedOnIn(r); ok && known.addLogons(logons{Since: r.time, Users: users}) {
		changed = true
	}
	d.see(id, known, now)
	if changed || d.worthStoring(known) {
		return known
	}
	return nil
}

// addLogons puts a report at its place in time; reports may come in any order.
func (d *device) addLogons(report logons) bool {
	at, same := slices.BinarySearchFunc(d.Logons, report, func(a, b logons) int { return a.Since.Compare(b.Since) })
	before := at - 1
	if same {
		before = at
	}
	if before >= 0 && slices.Equal(d.Logons[before].Users, report.Users) {
		return false
	}
	// The store may hold the old list, so it is not changed in place.
	d.Logons = slices.Clone(d.Logons)
	if same {
		d.Logons[at] = report
		return true
	}
	d.Logons = slices.Insert(d.Logons, at, report)
	if len(d.Logons) > maxLogonChanges {
		d.Logons = d.Logons[1:]
	}
	return true
}

// loggedOnAt is the newest report not later than at, or the oldest one there is.
func (d *device) loggedOnAt(at time.Time) ([]accounts.Account, bool) {
	if len(d.Logons) == 0 {
		return nil, false
	}
	later := slices.IndexFunc(d.Logons, func(l logons) bool { return l.Since.After(at) })
	switch later {
	case -1:
		later = len(d.Logons)
	case 0:
		later = 1
	}
	return d.Logons[later-1].Users, true
}
