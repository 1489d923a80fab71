package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/book"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

func entry(id string, version int) book.Entry {
	return book.Entry{Key: book.Key{Kind: book.Alerts, ID: id}, Value: json.RawMessage(strconv.Itoa(version))}
}

// load is what a new journal finds.
func load(t *testing.T, storage *collector.Storage) (*Journal, map[string]string) {
	t.Helper()
	j, found := New(storage), map[string]string{}
	damaged, err := j.Load(t.Context(), func(e book.Entry) error {
		found[e.ID] = string(e.Value)
		return nil
	})
	require.NoError(t, err)
	require.Zero(t, damaged)
	return j, found
}

// Whatever is written, forgotten and fails, a new journal finds the last form of each entry, and the storage stays small.
func TestJournal(t *testing.T) {
	for name, perSave := range map[string]int{"small saves": 3, "large saves": 2500} {
		random := rand.New(rand.NewPCG(1, 2))
		storage := collector.NewStorage()
		j, want := New(storage), map[string]string{}
		for save := range max(60, 18000/perSave) {
			var entries []book.Entry
			var gone []book.Key
			put := map[string]string{}
			if save%10 == 0 { // one that is never written again
				put[fmt.Sprint("old", save)] = strconv.Itoa(save)
				entries = append(entries, entry(fmt.Sprint("old", save), save))
			}
			for range random.IntN(perSave) + 1 {
				id := strconv.Itoa(random.IntN(300))
				if put[id] == "" {
					put[id] = strconv.Itoa(save)
					entries = append(entries, entry(id, save))
				}
			}
			for id := range want {
				if put[id] == "" && random.IntN(50) == 0 {
					gone = append(gone, book.Key{Kind: book.Alerts, ID: id})
				}
			}
			if random.IntN(10) == 0 {
				storage.Fail(errors.New("the disk is full"))
				require.ErrorContains(t, j.Save(t.Context(), entries, gone), "'storage': writing")
				storage.Fail(nil)
				continue
			}
			require.NoError(t, j.Save(t.Context(), entries, gone))
			for _, key := range gone {
				delete(want, key.ID)
			}
			maps.Copy(want, put)
			if save%53 != 0 || random.IntN(20) != 0 && perSave < 100 {
				continue
			}
			var found map[string]string
			if j, found = load(t, storage.Snapshot()); true {
				j.client = storage
			}
			for id, value := range want { // what is gone may come back, and is forgotten again
				require.Equal(t, value, found[id], name)
			}
			for id := range found {
				if want[id] == "" {
					delete(j.where, book.Key{Kind: book.Alerts, ID: id})
				}
			}
		}
		_, keys := storage.Count()
		assert.LessOrEqual(t, keys, manyChunks+20, name)
		assert.LessOrEqual(t, j.written, 2*len(j.where)+slack+2500, name)
	}
}

// A chunk that cannot be decoded loses what it holds, and no more.
func TestDamagedChunk(t *testing.T) {
	storage := collector.NewStorage()
	j := New(storage)
	for i := range 3 {
		require.NoError(t, j.Save(t.Context(), []book.Entry{entry(strconv.Itoa(i), i)}, nil))
	}
	require.NoError(t, storage.Set(t.Context(), keyOf(2), []byte("[{")))
	var found []string
	damaged, err := New(storage).Load(t.Context(), func(e book.Entry) error {
		found = append(found, e.ID)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 1, damaged)
	assert.Equal(t, []string{"0", "2"}, found)

	require.NoError(t, storage.Set(t.Context(), chunksKey, []byte("?")))
	_, err = New(storage).Load(t.Context(), nil)
	require.ErrorContains(t, err, "give the connector an empty storage")
}

// Nothing is written where nothing has changed.
func TestNothingToStore(t *testing.T) {
	storage := collector.NewStorage()
	require.NoError(t, New(storage).Save(t.Context(), nil, []book.Key{{Kind: book.Alerts, ID: "a"}}))
	writes, _ := storage.Count()
	assert.Zero(t, writes)
}
