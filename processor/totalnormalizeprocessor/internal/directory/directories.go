package directory

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// Directories is what is known of people and devices.
type Directories struct {
	now func() time.Time
	// version counts the changes of what is known. It is counted up while mu is held, so that whoever asks after having
	// read it is not answered from before.
	version atomic.Uint64

	mu      sync.RWMutex // guards everything below
	devices devices
	people  people
	alerts  alerts
	domains domains
}

// New returns directories that know nothing yet.
func New(limits Limits, now func() time.Time) *Directories {
	d := &Directories{now: now, alerts: newAlerts(limits), domains: domains{}}
	d.devices = newDevices(limits, d.changed)
	d.people = newPeople(limits, d.changed)
	return d
}

// Version is another one whenever the directories may answer otherwise than before, but for LoggedOnAt and AlertInfo.
func (d *Directories) Version() uint64 { return d.version.Load() }

func (d *Directories) changed() { d.version.Add(1) }

// Take learns from a directory row and returns what is worth storing.
func (d *Directories) Take(r row.Row) []Change {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch r.Table.Name {
	case Devices:
		return d.takeDevice(r, now)
	case People:
		return d.takeIdentity(d.people.identities, identityInfoOf(r), People, now)
	case Users:
		if r.Time.UnixNano() == 0 {
			r.Time = now // Graph does not say when
		}
		return d.takeIdentity(d.people.users, userOf(r), Users, now)
	case Alerts:
		d.alerts.take(r, now)
	}
	return nil
}

func (d *Directories) takeDevice(r row.Row, now time.Time) []Change {
	var changes []Change
	known := d.devices.take(r, now)
	if known != nil {
		changes = append(changes, storeDevice(known))
	}
	// A later report may have the names alone.
	device := row.Device{ID: strings.ToLower(r.Text("DeviceId")), Name: r.Text("DeviceName")}
	users, _ := r.LoggedOnUsers()
	for _, a := range users {
		if !accounts.IsPersonalSID(a.SID) || !shows(a, device) || d.people.shown.knows(a, device.ID, now) {
			continue
		}
		if changed := d.people.shown.take(a, device.ID, now); changed != nil {
			changes = append(changes, storeShown(changed))
		}
	}
	return changes
}

func (d *Directories) takeIdentity(directory *identities, id *Identity, name string, now time.Time) []Change {
	d.changed() // a later time alone may let it count before another
	d.domains.take(id.Domain)
	if known := directory.take(id, now); known != nil {
		return []Change{storeIdentity(name, known)}
	}
	return nil
}

// Learn takes in what an event row says of an account that acted.
func (d *Directories) Learn(a accounts.Account, device row.Device, at time.Time) []Change {
	if !strings.Contains(a.Domain, ".") || device.Owns(a.Domain) {
		return d.learn(a, device, at)
	}
	d.mu.RLock()
	known := d.domains.knows(a.Domain)
	d.mu.RUnlock()
	if !known {
		d.mu.Lock()
		d.domains.take(a.Domain)
		d.changed()
		d.mu.Unlock()
	}
	return d.learn(a, device, at)
}

// Knows reports whether an event row that says this of an account would teach nothing.
func (d *Directories) Knows(a accounts.Account, device row.Device) bool {
	id, show := d.news(a, device, time.Time{}, d.now())
	return id == nil && !show
}

// news is what is new in what an event row says of an account: of the person, and of the device.
func (d *Directories) news(a accounts.Account, device row.Device, at, now time.Time) (id *Identity, show bool) {
	id, show = teaches(a, device, at), shows(a, device)
	d.mu.RLock()
	defer d.mu.RUnlock()
	if id != nil && d.people.learned.knows(id, now) {
		id = nil
	}
	// Where the directories proper know the person by all that the row says, the row teaches nothing.
	if id != nil && d.people.covers(a, id) {
		id = nil
	}
	return id, show && !d.people.shown.knows(a, device.ID, now)
}

func (d *Directories) learn(a accounts.Account, device row.Device, at time.Time) []Change {
	now := d.now()
	id, show := d.news(a, device, at, now)
	if id == nil && !show {
		return nil
	}
	// What is kept must not keep the memory of the row's other columns.
	a, device.ID = clone(a), strings.Clone(device.ID)
	if id != nil {
		id = teaches(a, device, at)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var changes []Change
	if id != nil {
		if changed := d.people.learned.take(id, now); changed != nil {
			changes = append(changes, storeIdentity(Learned, changed))
		}
	}
	if show {
		if changed := d.people.shown.take(a, device.ID, now); changed != nil {
			changes = append(changes, storeShown(changed))
		}
	}
	return changes
}

func clone(a accounts.Account) accounts.Account {
	for _, text := range []*string{&a.Domain, &a.Name, &a.SID, &a.UPN, &a.ObjectID} {
		*text = strings.Clone(*text)
	}
	return a
}

// Evict removes what is too old or too many and returns what the store has to forget.
func (d *Directories) Evict() []Change {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	var forgotten []Change
	for _, known := range d.devices.evict(now) {
		forgotten = append(forgotten, forget(devicePrefix, known.under))
	}
	for _, known := range d.people.shown.evict(now) {
		forgotten = append(forgotten, forget(shownPrefix, known.under))
	}
	d.alerts.evict(now)
	for name, people := range d.people.byName() {
		for _, id := range people.evict(now) {
			forgotten = append(forgotten, forget(identityPrefixes[name], id.under))
		}
	}
	if len(forgotten) > 0 {
		d.changed()
	}
	return forgotten
}

// Size is how full and how old a directory is.
type Size struct {
	Name      string
	Entries   int64
	OldestAge time.Duration
	Evicted   map[string]int64 // by reason
}

// Sizes are those of every directory that a user can bound.
func (d *Directories) Sizes() []Size {
	now := d.now()
	d.mu.RLock()
	defer d.mu.RUnlock()
	sizes := []Size{sizeOf(Devices, d.devices.aging, now), sizeOf(Alerts, d.alerts.aging, now)}
	for name, people := range d.people.byName() {
		sizes = append(sizes, sizeOf(name, people.aging, now))
	}
	return sizes
}

func sizeOf[E placed](name string, a *aging[E], now time.Time) Size {
	evicted := map[string]int64{}
	for _, reason := range []string{evictedByAge, evictedByRoom} {
		evicted[reason] = a.evicted[reason]
	}
	return Size{Name: name, Entries: int64(len(a.entries)), OldestAge: a.oldestAge(now), Evicted: evicted}
}
