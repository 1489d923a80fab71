package directory

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// maxLogonChanges is how many changes of a device's logged-on users are remembered for late rows.
const maxLogonChanges = 16

// device is what DeviceInfo says of a device.
type device struct {
	sighting

	id, name, platform string
	// logons is who was logged on from when, oldest first, equal neighbours left out.
	logons []logons
}

type logons struct {
	since time.Time
	users []accounts.Account
}

// devices is the directory of devices, by DeviceId in lower case. Its owner guards it.
type devices struct {
	*aging[*device]

	// namesakes are how many devices have a name, by its first label in lower case.
	namesakes map[string]int
	changed   func() // told of every change but those of who is logged on
}

func newDevices(limits Limits, changed func()) devices {
	d := devices{namesakes: map[string]int{}, changed: changed}
	d.aging = newAging(limits, func(gone *device) { d.named(gone.name, -1) })
	return d
}

func (d devices) named(name string, n int) {
	label := strings.ToLower(accounts.DomainLabel(name))
	if label == "" {
		return
	}
	if d.namesakes[label] += n; d.namesakes[label] <= 0 {
		delete(d.namesakes, label)
	}
}

// put replaces what is known of a device.
func (d devices) put(known *device, at time.Time) {
	if before, ok := d.entries[known.id]; ok {
		d.named(before.name, -1)
	}
	d.named(known.name, 1)
	d.see(known.id, known, at)
}

// take learns from a DeviceInfo row. It returns the device if it is worth storing.
func (d devices) take(r row.Row, now time.Time) *device {
	id := strings.ToLower(r.Text("DeviceId"))
	if id == "" {
		return nil
	}
	known, ok := d.entries[id]
	if !ok {
		known = &device{id: id}
		d.put(known, now)
	}
	changed := !ok
	if name := r.Text("DeviceName"); name != "" && name != known.name {
		d.named(known.name, -1)
		d.named(name, 1)
		known.name, changed = name, true
	}
	if platform := r.Text("OSPlatform"); platform != "" && platform != known.platform {
		known.platform, changed = platform, true
	}
	if changed {
		d.changed()
	}
	if users, ok := r.LoggedOnUsers(); ok && known.addLogons(logons{since: r.Time, users: users}) {
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
	at, same := slices.BinarySearchFunc(d.logons, report, func(a, b logons) int { return a.since.Compare(b.since) })
	before := at - 1
	if same {
		before = at
	}
	if before >= 0 && slices.Equal(d.logons[before].users, report.users) {
		return false
	}
	// The store may hold the old list, so it is not changed in place.
	d.logons = slices.Clone(d.logons)
	if same {
		d.logons[at] = report
		return true
	}
	d.logons = slices.Insert(d.logons, at, report)
	if len(d.logons) > maxLogonChanges {
		d.logons = d.logons[1:]
	}
	return true
}

// loggedOnAt is the newest report not later than at, or the oldest one there is.
func (d *device) loggedOnAt(at time.Time) ([]accounts.Account, bool) {
	if len(d.logons) == 0 {
		return nil, false
	}
	later := slices.IndexFunc(d.logons, func(l logons) bool { return l.since.After(at) })
	switch later {
	case -1:
		later = len(d.logons)
	case 0:
		later = 1
	}
	return d.logons[later-1].users, true
}

// DeviceName is what DeviceInfo calls a device.
func (d *Directories) DeviceName(id string) string {
	if id == "" {
		return ""
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if known, ok := d.devices.entries[strings.ToLower(id)]; ok {
		return known.name
	}
	return ""
}

// IsApple reports whether DeviceInfo says that a device runs macOS; false, false: it does not say.
func (d *Directories) IsApple(id string) (apple, known bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	device, ok := d.devices.entries[strings.ToLower(id)]
	if !ok || device.platform == "" {
		return false, false
	}
	return strings.Contains(strings.ToLower(device.platform), "mac"), true
}

// HasNamesake reports whether another device has the same name.
func (d *Directories) HasNamesake(device row.Device) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.devices.namesakes[strings.ToLower(device.Domain())] > 1
}

// LoggedOnAt are the accounts logged on at a device at a time; false: nothing is known of it.
func (d *Directories) LoggedOnAt(deviceID string, at time.Time) ([]accounts.Account, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	known, ok := d.devices.entries[strings.ToLower(deviceID)]
	if !ok {
		return nil, false
	}
	return known.loggedOnAt(at)
}
