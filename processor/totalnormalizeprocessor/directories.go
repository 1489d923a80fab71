package totalnormalizeprocessor

import (
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// The directories, as metrics and stored keys call them.
const (
	directoryDevices  = "DeviceInfo"
	directoryIdentity = "IdentityInfo"
	directoryUsers    = "Users"
	directoryLearned  = "rows"
	directoryAlerts   = tableAlertInfo // not stored: an alert's halves come within seconds
)

// directories is what is known of people and devices.
type directories struct {
	now func() time.Time

	mu         sync.RWMutex // guards everything below
	devices    devices
	identities *identities // of IdentityInfo
	users      *identities // of Users
	learned    learned     // of event rows
	alerts     alerts
}

func newDirectories(limits DirectoriesConfig, now func() time.Time) *directories {
	return &directories{
		now:        now,
		devices:    newDevices(limits),
		identities: newIdentities(limits, (*identity).key),
		users:      newIdentities(limits, (*identity).key),
		learned:    newLearned(limits),
		alerts:     newAlerts(limits),
	}
}

// take learns from a directory row and returns what is worth storing.
func (d *directories) take(r row) []storedEntry {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch r.plan.table.Name {
	case directoryDevices:
		if known := d.devices.take(r, now); known != nil {
			return []storedEntry{known.entry()}
		}
	case directoryIdentity:
		if known := d.identities.take(identityInfoOf(r), now); known != nil {
			return []storedEntry{known.entry(directoryIdentity)}
		}
	case directoryAlerts:
		d.alerts.take(r, now)
	case directoryUsers:
		if r.time.UnixNano() == 0 {
			r.time = now // Graph does not say when
		}
		if known := d.users.take(userOf(r), now); known != nil {
			return []storedEntry{known.entry(directoryUsers)}
		}
	}
	return nil
}

// learn takes in what an event row says of an account, where the directories proper say nothing.
func (d *directories) learn(a accounts.Account, device deviceNames, at time.Time) []storedEntry {
	id := teaches(a, device, at)
	if id == nil {
		return nil
	}
	now := d.now()
	d.mu.RLock()
	known := d.authority(a, false) != nil || d.learned.knows(id, now)
	d.mu.RUnlock()
	if known {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if changed := d.learned.take(id, now); changed != nil {
		return []storedEntry{changed.entry(directoryLearned)}
	}
	return nil
}

// evict removes what is too old or too many and returns what the store has to forget.
func (d *directories) evict() []storedEntry {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	var forgotten []storedEntry
	for _, known := range d.devices.evict(now) {
		forgotten = append(forgotten, forget(directoryDevices, known.under))
	}
	d.alerts.evict(now)
	for name, people := range d.people() {
		for _, id := range people.evict(now) {
			forgotten = append(forgotten, forget(name, id.under))
		}
	}
	return forgotten
}

func (d *directories) people() map[string]*identities {
	return map[string]*identities{directoryIdentity: d.identities, directoryUsers: d.users, directoryLearned: d.learned.identities}
}

// identityOf is the person that an account is; nil: nothing is known.
func (d *directories) identityOf(a accounts.Account, local bool) *identity {
	d.mu.RLock()
	defer d.mu.RUnlock()
	known := d.authority(a, local)
	if known != nil {
		if known.UPN != "" {
			return known
		}
		a = a.Merge(known.account())
	}
	if shown := d.learned.find(a, local); shown != nil {
		if known == nil {
			return shown
		}
		return known.with(shown)
	}
	return known
}

// authority asks IdentityInfo and Users, each also under the ids that only the other knows. Where both speak
// the newer word counts.
func (d *directories) authority(a accounts.Account, local bool) *identity {
	one, other := d.identities.find(a, local), d.users.find(a, local)
	switch {
	case one == nil && other == nil:
		return nil
	case one == nil:
		one = d.identities.find(other.account(), true)
	case other == nil:
		other = d.users.find(one.account(), true)
	}
	switch {
	case one == nil:
		return other
	case other == nil:
		return one
	case one.Updated.Before(other.Updated):
		return other.with(one)
	default:
		return one.with(other)
	}
}

func (d *directories) deviceName(deviceID string) string {
	if deviceID == "" {
		return ""
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if known, ok := d.devices.entries[strings.ToLower(deviceID)]; ok {
		return known.Name
	}
	return ""
}

// loggedOnAt are the accounts logged on at a device at a time; false: nothing is known of it.
func (d *directories) loggedOnAt(deviceID string, at time.Time) ([]accounts.Account, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	known, ok := d.devices.entries[strings.ToLower(deviceID)]
	if !ok {
		return nil, false
	}
	return known.loggedOnAt(at)
}
