package security

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
)

// The times of an object that are SQL Server's.
const (
	createdKey = "createdDateTime"
	updatedKey = "lastUpdateDateTime"
)

// Version is one state of an alert or an incident.
type Version struct {
	ID      string
	Updated Stamp
	Visible time.Time // from when on it can be read
	// Body is the object as it is written; the caller does not change it.
	Body map[string]any
}

// version is one whose body may be made when it is asked for.
type version struct {
	updated Stamp
	created Stamp
	visible time.Time
	body    func() map[string]any
}

// Source makes objects as time goes by: those that came into being after one instant and up to another one.
type Source func(after, until time.Time) []tenant.SecurityObject

// Collection is all alerts, or all incidents. It is safe for concurrent use.
type Collection struct {
	source Source // nil: only what is put

	mu       sync.Mutex // guards everything below
	until    time.Time  // the source was asked up to here
	versions map[string][]version
}

// NewCollection returns a collection of what a source makes from an instant on; nil: of nothing.
func NewCollection(source Source, since time.Time) *Collection {
	return &Collection{source: source, until: since, versions: map[string][]version{}}
}

// Put adds a version of an object that can be read from an instant on. Its id and lastUpdateDateTime must be set; times
// are rounded as SQL Server does it. A createdDateTime is added where there is none.
func (c *Collection) Put(body map[string]any, visible time.Time) error {
	id, _ := body["id"].(string)
	if id == "" {
		return errors.New("an object of the security API needs an id")
	}
	body = maps.Clone(body)
	updated, err := stampIn(body, updatedKey)
	if err != nil {
		return fmt.Errorf("object %s: %w", id, err)
	}
	if body[createdKey] == nil {
		body[createdKey] = body[updatedKey]
	}
	created, err := stampIn(body, createdKey)
	if err != nil {
		return fmt.Errorf("object %s: %w", id, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(id, version{updated: updated, created: created, visible: visible, body: func() map[string]any { return body }})
	return nil
}

// stampIn rounds a time of a body.
func stampIn(body map[string]any, key string) (Stamp, error) {
	text, _ := body[key].(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is no RFC 3339 time", key, body[key])
	}
	stamp := StampOf(t)
	body[key] = stamp.String()
	return stamp, nil
}

// add keeps the versions of an object in the order in which they become visible. The caller holds c.mu.
func (c *Collection) add(id string, v version) {
	c.versions[id] = append(c.versions[id], v)
	slices.SortStableFunc(c.versions[id], func(a, b version) int { return a.visible.Compare(b.visible) })
}

// extend takes what the source has made until now. The caller holds c.mu.
func (c *Collection) extend(now time.Time) {
	if c.source == nil || !now.After(c.until) {
		return
	}
	for _, object := range c.source(c.until, now) {
		for _, v := range object.Versions {
			updated, created := StampOf(v.Updated), StampOf(object.Created)
			c.add(object.ID, version{updated: updated, created: created, visible: v.Visible, body: func() map[string]any {
				body := v.Body()
				body["id"], body[updatedKey], body[createdKey] = object.ID, updated.String(), created.String()
				return body
			}})
		}
	}
	c.until = now
}

// Change makes a new version of an object out of the present one, visible at once; false if there is no such object.
func (c *Collection) Change(id string, now time.Time, change func(body map[string]any)) (map[string]any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.extend(now)
	present, ok := current(c.versions[id], now)
	if !ok {
		return nil, false
	}
	body := maps.Clone(present.body())
	change(body)
	updated := StampOf(now)
	body[updatedKey] = updated.String()
	c.add(id, version{updated: updated, created: present.created, visible: now, body: func() map[string]any { return body }})
	return body, true
}

// current is the newest version that can be read: among those that are visible the one with the latest update.
func current(versions []version, now time.Time) (version, bool) {
	var newest version
	found := false
	for _, v := range versions {
		if !v.visible.After(now) && (!found || v.updated >= newest.updated) {
			newest, found = v, true
		}
	}
	return newest, found
}

// One is an object as it can be read now.
func (c *Collection) One(id string, now time.Time) (map[string]any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.extend(now)
	v, ok := current(c.versions[id], now)
	if !ok {
		return nil, false
	}
	return v.body(), true
}

// object is an object as it can be read now, with its body unmade.
type object struct {
	id string
	version
}

// list is all objects that can be read now, in no useful order.
func (c *Collection) list(now time.Time) []object {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.extend(now)
	objects := make([]object, 0, len(c.versions))
	for id, versions := range c.versions {
		if v, ok := current(versions, now); ok {
			objects = append(objects, object{id, v})
		}
	}
	slices.SortFunc(objects, func(a, b object) int { return cmp.Compare(a.id, b.id) })
	return objects
}

// Truth is every version that came into being until an instant, whether it can be read or not, sorted by time and id.
func (c *Collection) Truth(until time.Time) []Version {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.extend(until)
	var all []Version
	for id, versions := range c.versions {
		for _, v := range versions {
			if v.updated.compare(until) <= 0 {
				all = append(all, Version{ID: id, Updated: v.updated, Visible: v.visible, Body: v.body()})
			}
		}
	}
	slices.SortFunc(all, func(a, b Version) int { return cmp.Or(cmp.Compare(a.Updated, b.Updated), cmp.Compare(a.ID, b.ID)) })
	return all
}
