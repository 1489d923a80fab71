// Package state is the stored form of a receiver's places, and of what was counted of a day's blobs: a key for each container
// and day, one for each container that names its days, and one for the receiver that names its containers. A save is some
// kilobytes, whatever an account holds. Of a day whose blobs are all deleted only the counts stay.
//
//	stored.go  the values and their keys
//	past.go    how long the counts of deleted blobs are kept
//	state.go   what is stored while a receiver runs
//	day.go     what the report of a day is made of
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

// State is what is stored. It is safe for concurrent use.
type State struct {
	client storage.Client

	mu    sync.Mutex // guards what follows, and makes one step of a change and its storing
	root  stored
	index map[string]storedContainer // by container
	lists map[string]time.Time       // by container: when its last list began that is stored
}

// Open reads the key of the receiver, and makes it where the receiver is started for the first time.
func Open(ctx context.Context, client storage.Client, first book.Start) (*State, error) {
	s := &State{client: client, index: map[string]storedContainer{}, lists: map[string]time.Time{}}
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

// Load gives what is stored of the days of a container that have blobs.
func (s *State) Load(ctx context.Context, container string, take func(day string, d book.Day)) error {
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
		take(day, places.Day)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index[container] = index
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

// Found is when the last complete list of the account's containers began; zero: there was none.
func (s *State) Found() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.root.Found
}

// SetFound notes when a complete list of the account's containers began, all of which are added by then.
func (s *State) SetFound(ctx context.Context, began time.Time) error {
	return s.change(ctx, func(next *stored) { next.Found = began.UTC() })
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
	if slices.Equal(next.Containers, s.root.Containers) && slices.Equal(next.Paused, s.root.Paused) && next.Found.Equal(s.root.Found) {
		return nil
	}
	if err := s.set(ctx, root, next); err != nil {
		return err
	}
	s.root = next
	return nil
}

// Save stores days of a container, and when its blobs were listed last, in one step. Of a day without blobs its counts stay.
func (s *State) Save(ctx context.Context, container string, days map[string]book.Day, listed time.Time) error {
	s.mu.Lock()
	known, last := s.index[container], s.lists[container]
	s.mu.Unlock()
	next := storedContainer{Version: version, Days: slices.Clone(known.Days), Past: slices.Clone(known.Past)}
	var ops []*storage.Operation
	for _, day := range slices.Sorted(maps.Keys(days)) {
		next.Days = slices.DeleteFunc(next.Days, func(name string) bool { return name == day })
		if d := days[day]; len(d.Places)+len(d.Lengths) == 0 {
			over, err := s.over(ctx, container, day, d.Counts, &next)
			if err != nil {
				return err
			}
			ops = append(ops, over...)
			continue
		}
		next.Days = append(next.Days, day)
		op, err := encoded(dayKey(container, day), storedDay{version, days[day]})
		if err != nil {
			return err
		}
		ops = append(ops, op)
	}
	slices.Sort(next.Days)
	isNew := listed.After(last)
	if isNew {
		last = listed
	}
	if !slices.Equal(next.Past, known.Past) {
		ops = append(ops, forget(container, &next, last)...)
	}
	if !next.equal(known) {
		op, err := encoded(containerKey(container), next)
		if err != nil {
			return err
		}
		ops = append(ops, op)
	}
	if isNew {
		op, err := encoded(listedKey(container), storedListed{version, listed.UTC()})
		if err != nil {
			return err
		}
		ops = append(ops, op)
	}
	if len(ops) == 0 {
		return nil
	}
	if err := s.client.Batch(ctx, ops...); err != nil {
		return fmt.Errorf("store the cursors of %s: %w", container, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index[container], s.lists[container] = next, last
	return nil
}

// over takes out a day whose blobs are all deleted, and keeps its counts beside those that it had before.
func (s *State) over(ctx context.Context, container, day string, counts *book.Counts, next *storedContainer) ([]*storage.Operation, error) {
	ops := []*storage.Operation{storage.DeleteOperation(dayKey(container, day))}
	if counts == nil || *counts == (book.Counts{}) || day == "" {
		return ops, nil
	}
	past := storedPast{Version: version}
	if slices.Contains(next.Past, day) {
		if _, err := s.get(ctx, pastKey(container, day), &past); err != nil {
			return nil, err
		}
	}
	past.Add(*counts)
	op, err := encoded(pastKey(container, day), past)
	if err != nil {
		return nil, err
	}
	ops = append(ops, op)
	if !slices.Contains(next.Past, day) {
		next.Past = append(next.Past, day)
		slices.Sort(next.Past)
	}
	return ops, nil
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
	op, err := encoded(key, value)
	if err != nil {
		return err
	}
	return s.client.Set(ctx, key, op.Value)
}

// encoded is the operation that stores a value.
func encoded(key string, value any) (*storage.Operation, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode the cursors (%s): %w", key, err)
	}
	return storage.SetOperation(key, text), nil
}

// First is the start of a receiver that begins now.
func First(now time.Time, lookback time.Duration) book.Start {
	start := book.Start{At: now.UTC()}
	if lookback > 0 {
		start.Since = now.Add(-lookback).UTC()
	}
	return start
}
