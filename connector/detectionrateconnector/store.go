package detectionrateconnector

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/book"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/journal"
	"github.com/otelcol-defender/otelcol-defender/internal/storageclient"
)

// store keeps what the book knows. Without a client it keeps nothing.
type store struct {
	book *book.Book

	// turn is held by the one save that is under way. It guards everything below.
	turn    chan struct{}
	client  storage.Client
	journal *journal.Journal
}

func newStore(b *book.Book) *store { return &store{book: b, turn: make(chan struct{}, 1)} }

// open fills the book with what is stored. It returns how many parts of it cannot be read.
func (s *store) open(ctx context.Context, host component.Host, storageID, id component.ID) (damaged int, err error) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	client, err := storageclient.Open(ctx, host, storageID, component.KindConnector, id)
	if err != nil {
		return 0, err
	}
	s.client, s.journal = client, journal.New(client)
	return s.journal.Load(ctx, s.book.Restore)
}

// save stores what has changed. It waits for a save that is under way, which may have stored it already.
func (s *store) save(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	entries, gone, err := s.book.Changes()
	if err != nil || s.journal == nil {
		return err
	}
	if err := s.journal.Save(ctx, entries, gone); err != nil {
		s.book.NotStored(entries, gone)
		return err
	}
	return nil
}

// close stores what is left and closes the storage.
func (s *store) close(ctx context.Context) error {
	err := s.save(ctx)
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.client == nil {
		return err
	}
	err = errors.Join(err, s.client.Close(ctx))
	s.client, s.journal = nil, nil
	return err
}
