package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/book"
)

const (
	// perSave is how many chunks one save cleans.
	perSave = 4
	// slack is how many outdated entries there may always be.
	slack = 2 * perChunk
	// manyChunks is how many chunks there may always be; with more, one holds meanPerChunk entries on average.
	manyChunks   = 2000
	meanPerChunk = 50
)

// Journal writes entries. It is used by one call at a time.
type Journal struct {
	client storage.Client
	bounds bounds
	// sizes are how many entries each chunk holds, written is their sum.
	sizes   map[uint64]int
	written int
	// where is the chunk that holds the last form of an entry.
	where map[book.Key]uint64
}

// New returns a journal that has read nothing.
func New(client storage.Client) *Journal {
	return &Journal{client: client, bounds: bounds{First: 1}, sizes: map[uint64]int{}, where: map[book.Key]uint64{}}
}

// Load shows each entry, the last form of one last. It returns how many chunks could not be decoded: what they held is lost.
func (j *Journal) Load(ctx context.Context, show func(book.Entry) error) (damaged int, err error) {
	text, err := j.client.Get(ctx, chunksKey)
	if err != nil {
		return 0, fmt.Errorf("'storage': reading which chunks there are: %w", err)
	}
	if len(text) == 0 {
		return 0, nil
	}
	if err := json.Unmarshal(text, &j.bounds); err != nil {
		return 0, fmt.Errorf("'storage': reading which chunks there are (give the connector an empty storage to begin anew): %w", err)
	}
	for n := j.bounds.First; n <= j.bounds.Last; n++ {
		entries, err := j.read(ctx, n)
		if errors.Is(err, errDamaged) {
			damaged++
		} else if err != nil {
			return damaged, err
		}
		for _, e := range entries {
			if show(e) != nil {
				damaged++
				continue
			}
			j.where[e.Key] = n
		}
	}
	return damaged, nil
}

var errDamaged = errors.New("damaged chunk")

// read reads a chunk.
func (j *Journal) read(ctx context.Context, n uint64) ([]book.Entry, error) {
	text, err := j.client.Get(ctx, keyOf(n))
	if err != nil {
		return nil, fmt.Errorf("'storage': reading chunk %d: %w", n, err)
	}
	var lines []line
	if json.Unmarshal(text, &lines) != nil {
		j.note(n, 0)
		return nil, errDamaged
	}
	entries := make([]book.Entry, 0, len(lines))
	for _, l := range lines {
		if len(l.Kind) == 1 {
			entries = append(entries, book.Entry{Key: book.Key{Kind: book.Kind(l.Kind[0]), ID: l.ID}, Value: l.Value})
		}
	}
	j.note(n, len(lines))
	return entries, nil
}

// note notes how many entries a chunk has.
func (j *Journal) note(n uint64, size int) {
	j.written += size - j.sizes[n]
	j.sizes[n] = size
}

// Save stores entries, and no longer those that are gone. With an error, nothing has changed.
func (j *Journal) Save(ctx context.Context, entries []book.Entry, gone []book.Key) error {
	b := j.begin(entries, gone)
	if err := j.clean(ctx, &b); err != nil {
		return err
	}
	if b.empty() {
		j.commit(b)
		return nil
	}
	operations, err := b.operations()
	if err != nil {
		return err
	}
	if err := j.client.Batch(ctx, operations...); err != nil {
		return fmt.Errorf("'storage': writing %d executions and alerts: %w", len(b.entries), err)
	}
	j.commit(b)
	return nil
}

func (j *Journal) begin(entries []book.Entry, gone []book.Key) batch {
	b := batch{before: j.bounds, first: j.bounds.First, entries: entries, put: map[book.Key]struct{}{}, gone: map[book.Key]struct{}{}}
	for _, e := range entries {
		b.put[e.Key] = struct{}{}
	}
	for _, key := range gone {
		if _, stored := j.where[key]; stored {
			b.gone[key] = struct{}{}
		}
	}
	return b
}

// clean moves what counts of the first chunks behind the last one, while most of what is stored is outdated.
func (j *Journal) clean(ctx context.Context, b *batch) error {
	written, live := j.written, len(j.where)-len(b.gone)
	for cleaned := range perSave {
		mostOutdated := written > 2*live+slack
		tooMany := len(j.sizes) > manyChunks+live/meanPerChunk && cleaned < 2
		if b.first > j.bounds.Last || !mostOutdated && !tooMany {
			return nil
		}
		entries, err := j.read(ctx, b.first)
		if err != nil && !errors.Is(err, errDamaged) {
			return err
		}
		for _, e := range entries {
			if j.counts(e.Key, b) {
				b.entries = append(b.entries, e)
				b.put[e.Key] = struct{}{}
			}
		}
		written -= len(entries)
		b.first++
	}
	return nil
}

// counts reports whether the first chunk holds the last form of an entry.
func (j *Journal) counts(key book.Key, b *batch) bool {
	_, newer := b.put[key]
	_, gone := b.gone[key]
	return !newer && !gone && j.where[key] == b.first
}

// commit notes what was stored.
func (j *Journal) commit(b batch) {
	for n, entries := range b.chunks() {
		j.note(n, len(entries))
		for _, e := range entries {
			j.where[e.Key] = n
		}
	}
	for key := range b.gone {
		if _, again := b.put[key]; !again {
			delete(j.where, key)
		}
	}
	for n := b.before.First; n < b.first; n++ {
		j.note(n, 0)
		delete(j.sizes, n)
	}
	j.bounds = bounds{b.first, b.last()}
}
