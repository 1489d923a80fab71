package blobs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// account is what the service keeps.
type account struct {
	mu         sync.Mutex // guards everything below
	containers map[string]map[string]*blob
	etags      uint64 // how many were given
}

// blob is an append blob.
type blob struct {
	content           []byte
	created, modified time.Time
	etag              string
	blocks            int
}

// view is a copy of what a blob is at one time. Its content is shared: bytes that were appended never change.
type view struct {
	blob
	name string
}

func newAccount() *account { return &account{containers: map[string]map[string]*blob{}} }

// create makes a container, and reports whether it is new.
func (a *account) create(container string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.containers[container]; ok {
		return false
	}
	a.containers[container] = map[string]*blob{}
	return true
}

// put makes an empty append blob, also in the place of another one.
func (a *account) put(container, name string, now time.Time) (view, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	blobs, ok := a.containers[container]
	if !ok {
		return view{}, false
	}
	b := &blob{created: now}
	a.touch(b, now)
	blobs[name] = b
	return view{*b, name}, true
}

// append adds a block. at is the offset that the writer expects; below zero: any.
func (a *account) append(container, name string, block []byte, at int64, now time.Time) (v view, found, expected bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, ok := a.containers[container][name]
	if !ok {
		return view{}, false, false
	}
	if at >= 0 && at != int64(len(b.content)) {
		return view{*b, name}, true, false
	}
	b.content = append(b.content, block...)
	b.blocks++
	a.touch(b, now)
	return view{*b, name}, true, true
}

// touch notes a change. mu is held.
func (a *account) touch(b *blob, now time.Time) {
	a.etags++
	b.modified, b.etag = now, fmt.Sprintf("0x%X", 0x8DE000000000000+a.etags)
}

func (a *account) get(container, name string) (view, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, ok := a.containers[container][name]
	if !ok {
		return view{}, false
	}
	return view{*b, name}, true
}

func (a *account) has(container string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.containers[container]
	return ok
}

func (a *account) remove(container, name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.containers[container][name]
	delete(a.containers[container], name)
	return ok
}

func (a *account) removeContainer(container string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.containers[container]
	delete(a.containers, container)
	return ok
}

// names are those of the containers, in order.
func (a *account) names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.containers))
}

// list is a page of the blobs whose names begin with prefix, from the name marker on, and the name that the next one begins
// with.
func (a *account) list(container, prefix, marker string, most int) (page []view, next string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(a.containers[container])) {
		if !strings.HasPrefix(name, prefix) || name < marker {
			continue
		}
		if len(page) == most {
			return page, name
		}
		page = append(page, view{*a.containers[container][name], name})
	}
	return page, ""
}
