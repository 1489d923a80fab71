package journal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/book"
)

const (
	chunksKey   = "rate/v1/chunks"
	chunkPrefix = "rate/v1/chunk/"

	// perChunk bounds a chunk.
	perChunk = 1000
)

// bounds are the numbers of the first and the last chunk. Without chunks the last is below the first.
type bounds struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// line is an entry in a chunk.
type line struct {
	Kind  string          `json:"k"`
	ID    string          `json:"i"`
	Value json.RawMessage `json:"v"`
}

func keyOf(n uint64) string { return chunkPrefix + strconv.FormatUint(n, 10) }

// batch is what one save changes.
type batch struct {
	before  bounds
	first   uint64 // the first chunk that stays
	entries []book.Entry
	put     map[book.Key]struct{}
	gone    map[book.Key]struct{}
}

// empty reports whether there is nothing to write. What is gone alone is not: it is outdated at the next start, too.
func (b *batch) empty() bool { return len(b.entries) == 0 && b.first == b.before.First }

// last is the last chunk after the batch.
func (b *batch) last() uint64 {
	return b.before.Last + uint64((len(b.entries)+perChunk-1)/perChunk)
}

// chunks are the entries of each new chunk, by its number.
func (b *batch) chunks() map[uint64][]book.Entry {
	all, n := map[uint64][]book.Entry{}, b.before.Last
	for entries := range slices.Chunk(b.entries, perChunk) {
		n++
		all[n] = entries
	}
	return all
}

func (b *batch) operations() ([]*storage.Operation, error) {
	var all []*storage.Operation
	for n, entries := range b.chunks() {
		lines := make([]line, len(entries))
		for i, e := range entries {
			lines[i] = line{string(rune(e.Kind)), e.ID, e.Value}
		}
		text, err := json.Marshal(lines)
		if err != nil {
			return nil, fmt.Errorf("encode a chunk: %w", err)
		}
		all = append(all, storage.SetOperation(keyOf(n), text))
	}
	text, err := json.Marshal(bounds{b.first, b.last()})
	if err != nil {
		return nil, fmt.Errorf("encode the bounds: %w", err)
	}
	all = append(all, storage.SetOperation(chunksKey, text))
	for n := b.before.First; n < b.first; n++ {
		all = append(all, storage.DeleteOperation(keyOf(n)))
	}
	return all, nil
}
