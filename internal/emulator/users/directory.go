// Package users emulates Microsoft Graph's users: whole, page by page, or what has changed.
//
// Emulated are GET /users and /users/delta with $select, $top and the header Prefer: odata.maxpagesize, links to the next
// page and to later changes, users who are deleted or come back, and links that are forgotten or too old (410).
//
// Not emulated are other operations on users, $filter, $search, $expand, relations such as the manager, and deltas of
// other objects. Every option of a round stands in its links.
//
//	api.go        the requests
//	directory.go  the users, and the memory that changes need
package users

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// userProperties are those of Graph's users that the emulator keeps; the ones with true are given
// where nothing is selected.
var userProperties = map[string]bool{
	"id": true, "userPrincipalName": true, "displayName": true, "givenName": true, "surname": true, "mail": true,
	"jobTitle": true, "mobilePhone": true, "officeLocation": true, "preferredLanguage": true,
	"accountEnabled": false, "userType": false, "onPremisesSamAccountName": false, "onPremisesDomainName": false,
	"onPremisesSecurityIdentifier": false, "onPremisesImmutableId": false, "securityIdentifier": false,
}

// Directory is what Entra ID knows of people, with the memory that delta queries need.
type Directory struct {
	mu      sync.Mutex // guards everything below
	version int64      // of the newest change
	users   map[string]*user
	order   []string // ids, sorted
	epoch   int64    // stands in the tokens that are good, and in no other emulator's
}

// user is a user or what is left of one.
type user struct {
	properties map[string]any   // nil values were set once
	changed    map[string]int64 // version, by property
	came, went int64            // versions; went is 0 while the user is there
	reason     string           // of @removed
}

// NewDirectory returns a directory of these users.
func NewDirectory(users []map[string]any) (*Directory, error) {
	// From 1 on, since a round since 0 gives everybody.
	d := &Directory{users: map[string]*user{}, version: 1, epoch: rand.Int64()}
	for i, properties := range users {
		if err := d.Put(properties); err != nil {
			return nil, fmt.Errorf("user %d of the tenant: %w", i, err)
		}
	}
	return d, nil
}

// Put adds a user, restores one, or changes the properties that are named; a nil value empties one.
func (d *Directory) Put(properties map[string]any) error {
	id, _ := properties["id"].(string)
	if id == "" {
		return errors.New("a user needs an id")
	}
	for name := range properties {
		if _, ok := userProperties[name]; !ok {
			return fmt.Errorf("a user has no property %q that the emulator knows", name)
		}
	}
	id = strings.ToLower(id)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.version++
	u := d.users[id]
	if u == nil {
		u = &user{properties: map[string]any{}, changed: map[string]int64{}, came: d.version}
		d.users[id] = u
		at, _ := slices.BinarySearch(d.order, id)
		d.order = slices.Insert(d.order, at, id)
	} else if u.went > 0 {
		u.came, u.went = d.version, 0
	}
	for name, given := range properties {
		if old, ok := u.properties[name]; (!ok && given == nil) || reflect.DeepEqual(old, given) {
			continue
		}
		u.properties[name], u.changed[name] = given, d.version
	}
	return nil
}

// Remove deletes a user; the reason is what @removed will say.
func (d *Directory) Remove(id, reason string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	u := d.users[strings.ToLower(id)]
	if u == nil {
		return fmt.Errorf("there is no user %q", id)
	}
	d.version++
	u.went, u.reason = d.version, reason
	return nil
}

// ForgetTokens makes every token so far invalid.
func (d *Directory) ForgetTokens() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch = rand.Int64()
}

// All are the users that are there.
func (d *Directory) All() []map[string]any {
	d.mu.Lock()
	defer d.mu.Unlock()
	var users []map[string]any
	for _, id := range d.order {
		if u := d.users[id]; u.went == 0 {
			users = append(users, maps.Clone(u.properties))
		}
	}
	return users
}

// position is a position in a round of reading users. It is what a token holds.
type position struct {
	Epoch  int64    `json:"e"`
	Issued int64    `json:"i"` // Unix seconds
	Select []string `json:"s,omitempty"`
	Size   int      `json:"n,omitempty"` // of a page
	Since  int64    `json:"f,omitempty"` // version; 0: everybody
	Until  int64    `json:"t,omitempty"` // version from which the next round goes on
	After  string   `json:"a,omitempty"` // the last id that was given
	Delta  bool     `json:"d,omitempty"` // of /users/delta
}

// begin gives a round that goes on where its token says its Until.
func (d *Directory) begin(r position) position {
	d.mu.Lock()
	defer d.mu.Unlock()
	r.Epoch, r.Until = d.epoch, d.version
	return r
}

func (d *Directory) knows(r position) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return r.Epoch == d.epoch && r.Until <= d.version
}

// page gives the users of one page, and the round after it; more is false on the round's last page.
func (d *Directory) page(r position) (users []map[string]any, next position, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, found := slices.BinarySearch(d.order, r.After)
	if found {
		at++
	}
	for _, id := range d.order[at:] {
		shown := d.users[id].shown(r)
		if shown == nil {
			continue
		}
		if len(users) == r.Size {
			return users, r, true
		}
		users, r.After = append(users, shown), id
	}
	return users, r, false
}

// shown is the user as a round shows it; nil if the round leaves it out.
func (u *user) shown(r position) map[string]any {
	switch {
	case u.went > 0 && r.Since > 0 && u.went > r.Since:
		return map[string]any{"id": u.properties["id"], "@removed": map[string]any{"reason": u.reason}}
	case u.went > 0:
		return nil
	case r.Since > 0 && u.came <= r.Since && !u.changedSince(r):
		return nil
	}
	shown := map[string]any{"id": u.properties["id"]}
	for _, name := range r.Select {
		if value, ok := u.properties[name]; ok || !r.Delta {
			shown[name] = value // a delta query leaves out what never was set
		}
	}
	return shown
}

// changedSince reports whether a property changed that the client tracks.
func (u *user) changedSince(r position) bool {
	return slices.ContainsFunc(r.Select, func(name string) bool { return u.changed[name] > r.Since })
}

// defaultProperties are what is given where nothing is selected.
func defaultProperties() []string {
	return slices.SortedFunc(func(yield func(string) bool) {
		for name, byDefault := range userProperties {
			if byDefault && !yield(name) {
				return
			}
		}
	}, cmp.Compare[string])
}
