package directory

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Restored is what a store held. It is put in place in the order in which it was last seen.
type Restored struct {
	now     time.Time
	entries []restoredEntry
}

type restoredEntry struct {
	seen time.Time
	put  func(*Directories)
}

// NewRestored begins to read a store.
func (d *Directories) NewRestored() *Restored { return &Restored{now: d.now()} }

// Read takes an entry in. It reports false where the key or the value is none of a directory's.
func (f *Restored) Read(key string, value []byte) bool {
	if id, ok := strings.CutPrefix(key, devicePrefix); ok {
		return f.device(id, value)
	}
	if id, ok := strings.CutPrefix(key, shownPrefix); ok {
		return f.shown(id, value)
	}
	for directory, prefix := range identityPrefixes {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			return f.identity(directory, name, value)
		}
	}
	return false
}

func (f *Restored) device(key string, value []byte) bool {
	var form deviceForm
	if json.Unmarshal(value, &form) != nil || form.ID == "" || form.ID != key {
		return false
	}
	known := form.device()
	f.add(&known.sighting, func(d *Directories) {
		if !d.devices.isNewer(known.id, known.seen) {
			d.devices.put(known, known.seen)
		}
	})
	return true
}

func (f *Restored) shown(key string, value []byte) bool {
	var form shownForm
	if json.Unmarshal(value, &form) != nil || key == "" || len(form.Accounts) == 0 {
		return false
	}
	known := &shownAccounts{sighting: sighting{seen: form.Seen}, accounts: accountsOf(form.Accounts)}
	f.add(&known.sighting, func(d *Directories) {
		if !d.people.shown.isNewer(key, known.seen) {
			d.people.shown.see(key, known, known.seen)
		}
	})
	return true
}

func (f *Restored) identity(directory, key string, value []byte) bool {
	var form identityForm
	if json.Unmarshal(value, &form) != nil || key == "" {
		return false
	}
	known := form.identity()
	if len(known.lookupKeys()) == 0 {
		return false
	}
	f.add(&known.sighting, func(d *Directories) {
		d.domains.take(known.Domain)
		if people := d.people.byName()[directory]; !people.isNewer(key, known.seen) {
			people.put(key, known, known.seen)
		}
	})
	return true
}

// add takes an entry in. One without a time, or of a clock that was ahead, counts as seen now.
func (f *Restored) add(s *sighting, put func(*Directories)) {
	if s.seen.IsZero() || s.seen.After(f.now) {
		s.seen = f.now
	}
	s.stored = s.seen
	f.entries = append(f.entries, restoredEntry{seen: s.seen, put: put})
}

// Fill puts what was read in place, where nothing newer is known.
func (d *Directories) Fill(f *Restored) {
	slices.SortStableFunc(f.entries, func(a, b restoredEntry) int { return a.seen.Compare(b.seen) })
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed()
	for _, e := range f.entries {
		e.put(d)
	}
}
