package pivot

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

const storedVersion = 1

// storedShard is the form of a part of a Book in the storage.
type storedShard struct {
	Version int          `json:"version"`
	Cases   []storedCase `json:"cases,omitempty"`
}

// storedCase is an alert. Known and Rows hold 8 bytes each, sorted, big-endian.
type storedCase struct {
	Alert     string                      `json:"alert"`
	Incident  string                      `json:"incident,omitempty"`
	Tasks     []Task                      `json:"tasks,omitempty"`
	Known     []byte                      `json:"known,omitempty"`
	Rows      []byte                      `json:"rows,omitempty"`
	Found     map[string]map[Relation]int `json:"found,omitempty"`
	Due       time.Time                   `json:"due"`
	Summaries int                         `json:"summaries,omitempty"`
	Open      bool                        `json:"open,omitempty"`
	Truncated bool                        `json:"truncated,omitempty"`
	Aside     int                         `json:"aside,omitempty"`
	Forget    time.Time                   `json:"forget"`
}

// Changed is the stored form of what has changed since the last call, by its number. A nil value: nothing is left.
func (b *Book) Changed() (map[int][]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	parts := map[int]*storedShard{}
	for i, dirty := range b.dirty {
		if dirty {
			parts[i] = &storedShard{Version: storedVersion}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.cases)) {
		if part := parts[shardOf(id)]; part != nil {
			part.Cases = append(part.Cases, b.cases[id].stored())
		}
	}
	changed := map[int][]byte{}
	for i, part := range parts {
		if part.Cases == nil {
			changed[i] = nil
			continue
		}
		data, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("encode the tasks of alerts: %w", err)
		}
		changed[i] = data
	}
	b.dirty = [shards]bool{}
	return changed, nil
}

// NotStored says that the write of what Changed gave has failed.
func (b *Book) NotStored(parts map[int][]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range parts {
		b.dirty[i] = true
	}
}

// Load takes up a stored value.
func (b *Book) Load(data []byte) error {
	var part storedShard
	if err := json.Unmarshal(data, &part); err != nil {
		return fmt.Errorf("decode the tasks of alerts: %w", err)
	}
	if part.Version != storedVersion {
		return fmt.Errorf("the stored tasks of alerts have version %d, and this release reads %d: use the release that wrote them", part.Version, storedVersion)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, from := range part.Cases {
		c, err := from.restored()
		if err != nil {
			return err
		}
		b.cases[c.alert] = c
	}
	return nil
}

func (c *alertCase) stored() storedCase {
	return storedCase{
		Alert: c.alert, Incident: c.incident, Tasks: c.tasks, Known: packed(c.known), Rows: packed(c.rows), Found: c.found, Due: c.due,
		Summaries: c.summaries, Open: c.open, Truncated: c.truncated, Aside: c.aside, Forget: c.forget,
	}
}

func (s storedCase) restored() (*alertCase, error) {
	c := newCase(s.Alert)
	c.incident, c.tasks, c.due, c.summaries, c.open = s.Incident, s.Tasks, s.Due, s.Summaries, s.Open
	c.truncated, c.aside, c.forget = s.Truncated, s.Aside, s.Forget
	maps.Copy(c.found, s.Found)
	if len(s.Known)%entrySize != 0 || len(s.Rows)%entrySize != 0 {
		return nil, fmt.Errorf("the stored tasks of the alert %q are cut off", s.Alert)
	}
	for entry := range slices.Chunk(s.Known, entrySize) {
		c.known[key(binary.BigEndian.Uint64(entry))] = struct{}{}
	}
	for entry := range slices.Chunk(s.Rows, entrySize) {
		c.rows[rowKey(binary.BigEndian.Uint64(entry))] = struct{}{}
	}
	return c, nil
}

const entrySize = 8

// packed is the stored form of a set.
func packed[K key | rowKey](set map[K]struct{}) []byte {
	data := make([]byte, 0, len(set)*entrySize)
	for _, k := range slices.Sorted(maps.Keys(set)) {
		data = binary.BigEndian.AppendUint64(data, uint64(k))
	}
	return data
}
