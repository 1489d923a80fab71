package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
)

// Read opens what is stored without changing it.
func Read(ctx context.Context, client storage.Client) (*State, error) {
	s := &State{client: client, index: map[string]storedContainer{}}
	found, err := s.get(ctx, root, &s.root)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New("the storage holds nothing of the receiver: is it the storage of a collector that has run?")
	}
	return s, check(s.root.Version)
}

// OfDay is what is stored of a container's blobs of one date.
type OfDay struct {
	Days   []book.Day    // of each tenant, as far as there are blobs
	Past   []book.Counts // of blobs that are all deleted
	Listed time.Time     // when the last complete list of the container began; zero: it never was listed
}

// errMoved: what an index names was taken out meanwhile.
var errMoved = errors.New("the stored days change all the time")

// OfDay reads it as it is stored: a value for each tenant, so that what was counted fits to the places.
func (s *State) OfDay(ctx context.Context, container string, of time.Time) (OfDay, error) {
	const tries = 3
	for range tries {
		found, err := s.ofDay(ctx, container, of)
		if !errors.Is(err, errMoved) {
			return found, err
		}
	}
	return OfDay{}, fmt.Errorf("read the day of %s: %w", container, errMoved)
}

func (s *State) ofDay(ctx context.Context, container string, of time.Time) (OfDay, error) {
	// It is read first, so that what the others say is as of then, or newer.
	var listed storedListed
	if _, err := s.get(ctx, listedKey(container), &listed); err != nil {
		return OfDay{}, err
	}
	var index storedContainer
	if _, err := s.get(ctx, containerKey(container), &index); err != nil {
		return OfDay{}, err
	}
	found := OfDay{Listed: listed.At}
	for _, day := range index.Days {
		if !date(day).Equal(of) {
			continue
		}
		var stored storedDay
		is, err := s.get(ctx, dayKey(container, day), &stored)
		switch {
		case err != nil:
			return OfDay{}, err
		case !is:
			return OfDay{}, errMoved
		}
		found.Days = append(found.Days, stored.Day)
	}
	for _, day := range index.Past {
		if !date(day).Equal(of) {
			continue
		}
		var past storedPast
		if _, err := s.get(ctx, pastKey(container, day), &past); err != nil {
			return OfDay{}, err
		}
		found.Past = append(found.Past, past.Counts)
	}
	return found, nil
}
