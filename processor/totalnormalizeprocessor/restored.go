package totalnormalizeprocessor

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// restored is what the store held. It is put in place in the order in which it was last seen.
type restored struct {
	now     time.Time
	entries []restoredEntry
	order   map[uint64]pcommon.Timestamp
}

type restoredEntry struct {
	seen time.Time
	put  func(*directories)
}

// read reports false where an entry is none, or none any more.
func (f *restored) read(key string, value []byte) bool {
	if group, ok := strings.CutPrefix(key, orderPrefix); ok {
		return f.newest(group, value)
	}
	for directory, prefix := range storedPrefixes {
		name, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if directory == directoryDevices {
			return f.device(name, value)
		}
		return f.identity(directory, name, value)
	}
	return false
}

// newest takes in the newest Timestamp of a person's group. The service gives no rows that are older than its
// retention, so none would be late for one that is; and one of the future must not make all rows late for good.
func (f *restored) newest(key string, value []byte) bool {
	const future = 24 * time.Hour
	group, err := strconv.ParseUint(key, 16, 64)
	var at pcommon.Timestamp
	if err != nil || json.Unmarshal(value, &at) != nil {
		return false
	}
	if age := f.now.Sub(at.AsTime()); age > tables.Retention || age < -future {
		return false
	}
	f.order[group] = at
	return true
}

func (f *restored) device(key string, value []byte) bool {
	known := &device{}
	if json.Unmarshal(value, known) != nil || known.ID == "" || known.ID != key {
		return false
	}
	f.add(&known.sighting, func(d *directories) { d.devices.see(key, known, known.Seen) })
	return true
}

func (f *restored) identity(directory, key string, value []byte) bool {
	known := &identity{}
	if json.Unmarshal(value, known) != nil || key == "" || len(known.lookupKeys()) == 0 {
		return false
	}
	f.add(&known.sighting, func(d *directories) { d.people()[directory].put(key, known, known.Seen) })
	return true
}

// add takes an entry in. One without a time, or of a clock that was ahead, counts as seen now.
func (f *restored) add(s *sighting, put func(*directories)) {
	if s.Seen.IsZero() || s.Seen.After(f.now) {
		s.Seen = f.now
	}
	s.stored = s.Seen
	f.entries = append(f.entries, restoredEntry{seen: s.Seen, put: put})
}

func (f *restored) fill(d *directories) {
	slices.SortStableFunc(f.entries, func(a, b restoredEntry) int { return a.seen.Compare(b.seen) })
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range f.entries {
		e.put(d)
	}
}
