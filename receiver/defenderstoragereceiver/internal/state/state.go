// Package state is the stored form of a receiver's places: a key for each container and day, one for each container that
// names its days, and one for the receiver that names its containers. A save is some kilobytes, whatever an account holds.
package state

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
)

// version is that of the stored form.
const version = 1

const root = "defender_storage/v1"

func containerKey(container string) string { return root + "/" + container }

func dayKey(container, day string) string { return containerKey(container) + "/" + day }

// stored is the key of the receiver.
type stored struct {
	Version    int        `json:"version"`
	Start      book.Start `json:"start"`
	Containers []string   `json:"containers"`
	Paused     []string   `json:"paused,omitempty"`
}

type storedContainer struct {
	Version int      `json:"version"`
	Days    []string `json:"days"`
}

type storedDay struct {
	Version int                   `json:"version"`
	Blobs   map[string]book.Place `json:"blobs"`
}

// State is what is stored. It is safe for concurrent use.
type State struct {
	client storage.Client

	mu   sync.Mutex // guards what follows, and makes one step of a change and its storing
	root stored
	days map[string][]string // by container
}

// Open reads the key of the receiver, and makes it where the receiver is started for the first time.
func Open(ctx context.Context, client storage.Client, first book.Start) (*State, error) {
	s := &State{client: client, days: map[string][]string{}}
	found, err := s.get(ctx, root, &s.root)
	if err != nil {
		return nil, err
	}
	if found {
		return s, check(s.root.Version)
	}
	s.root = stored{Version: version, Start: first, Containers: []string{}}
	if err := s.set(ctx, root, s.root); err != nil {
		return nil, fmt.Errorf("store when the receiver was first started: %w", err)
	}
	return s, nil
}

func check(found int) error {
	if found != version {
		return fmt.Errorf("the cursors in the storage are of version %d, and this release reads version %d: use the release that wrote them, or another storage", found, version)
	}
	return nil
}

// Start is when the receiver was first started.
func (s *State) Start() book.Start { return s.root.Start }

// Containers are those that places are stored of.
func (s *State) Containers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.root.Containers)
}

// Paused reports whether a user has paused a container.
func (s *State) Paused(container string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.root.Paused, container)
}

// Load gives the places of a container, day by day.
func (s *State) Load(ctx context.Context, container string, take func(map[string]book.Place)) error {
	var index storedContainer
	found, err := s.get(ctx, containerKey(container), &index)
	if err != nil || !found {
		return err
	}
	if err := check(index.Version); err != nil {
		return err
	}
	for _, day := range index.Days {
		var places storedDay
		found, err := s.get(ctx, dayKey(container, day), &places)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("the storage lacks the cursors of %s%s, which its index names: it is damaged", container, day)
		}
		take(places.Blobs)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.days[container] = index.Days
	return nil
}

// Add notes a container that was not known. It is called before any of its places is stored.
func (s *State) Add(ctx context.Context, container string) error {
	return s.change(ctx, func(next *stored) {
		if !slices.Contains(next.Containers, container) {
			next.Containers = append(next.Containers, container)
		}
	})
}

// SetPaused notes whether a user has paused a container.
func (s *State) SetPaused(ctx context.Context, container string, paused bool) error {
	return s.change(ctx, func(next *stored) {
		next.Paused = slices.DeleteFunc(next.Paused, func(name string) bool { return name == container })
		if paused {
			next.Paused = append(next.Paused, container)
		}
	})
}

func (s *State) change(ctx context.Context, with func(*stored)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.root
	next.Containers, next.Paused = slices.Clone(next.Containers), slices.Clone(next.Paused)
	with(&next)
	if slices.Equal(next.Containers, s.root.Containers) && slices.Equal(next.Paused, s.root.Paused) {
		return nil
	}
	if err := s.set(ctx, root, next); err != nil {
		return err
	}
	s.root = next
	return nil
}

// Save stores the places of days of a container, in one step. A day without places is removed.
func (s *State) Save(ctx context.Context, container string, days map[string]map[string]book.Place) error {
	if len(days) == 0 {
		return nil
	}
	s.mu.Lock()
	known := slices.Clone(s.days[container])
	s.mu.Unlock()
	next, ops := slices.Clone(known), []*storage.Operation(nil)
	for _, day := range slices.Sorted(maps.Keys(days)) {
		next = slices.DeleteFunc(next, func(name string) bool { return name == day })
		if len(days[day]) == 0 {
			ops = append(ops, storage.DeleteOperation(dayKey(container, day)))
			continue
		}
		next = append(next, day)
		value, err := json.Marshal(storedDay{version, days[day]})
		if err != nil {
			return fmt.Errorf("encode the cursors of %s: %w", container, err)
		}
		ops = append(ops, storage.SetOperation(dayKey(container, day), value))
	}
	slices.Sort(next)
	if !slices.Equal(next, known) {
		value, err := json.Marshal(storedContainer{version, next})
		if err != nil {
			return fmt.Errorf("encode the days of %s: %w", container, err)
		}
		ops = append(ops, storage.SetOperation(containerKey(container), value))
	}
	if err := s.client.Batch(ctx, ops...); err != nil {
		return fmt.Errorf("store the cursors of %s: %w", container, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.days[container] = next
	return nil
}

func (s *State) get(ctx context.Context, key string, into any) (bool, error) {
	value, err := s.client.Get(ctx, key)
	if err != nil {
		return false, fmt.Errorf("read the cursors from the storage (%s): %w", key, err)
	}
	if value == nil {
		return false, nil
	}
	if err := json.Unmarshal(value, into); err != nil {
		return false, fmt.Errorf("the cursors in the storage are damaged (%s): take another storage to begin anew, which repeats what the account still has: %w", key, err)
	}
	return true, nil
}

func (s *State) set(ctx context.Context, key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	return s.client.Set(ctx, key, text)
}

// First is the start of a receiver that begins now.
func First(now time.Time, lookback time.Duration) book.Start {
	start := book.Start{At: now.UTC()}
	if lookback > 0 {
		start.Since = now.Add(-lookback).UTC()
	}
	return start
}
