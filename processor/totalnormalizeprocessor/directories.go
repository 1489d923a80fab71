package totalnormalizeprocessor

import (
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// maxDirectoryEntries bounds each directory; what comes beyond is not taken in.
const maxDirectoryEntries = 1_000_000

// directories is what directory rows have said of people and devices.
type directories struct {
	mu      sync.RWMutex // guards everything below
	people  identities
	devices devices
}

func newDirectories() *directories {
	return &directories{people: newIdentities(), devices: devices{}}
}

// take learns from a directory row and returns what is worth storing.
func (d *directories) take(r row) []directoryEntry {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch r.plan.table.Name {
	case "DeviceInfo":
		if known, changed := d.devices.take(r); changed {
			return []directoryEntry{{key: deviceKeyPrefix + known.ID, value: *known}}
		}
	case "IdentityInfo":
		if id := identityIn(r); d.people.take(id) {
			return []directoryEntry{{key: identityKeyPrefix + id.key(), value: *id}}
		}
	}
	return nil
}

func (d *directories) identityOf(a accounts.Account, local bool) *identity {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.people.find(a, local)
}

func (d *directories) deviceName(deviceID string) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if known, ok := d.devices[strings.ToLower(deviceID)]; ok {
		return known.Name
	}
	return ""
}

// loggedOnAt are the accounts logged on at a device at a time; false: nothing is known of it.
func (d *directories) loggedOnAt(deviceID string, at time.Time) ([]accounts.Account, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	known, ok := d.devices[strings.ToLower(deviceID)]
	if !ok {
		return nil, false
	}
	return known.loggedOnAt(at)
}
