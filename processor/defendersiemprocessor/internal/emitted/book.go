package emitted

import (
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/indicator"
)

const (
	// Kept is how long an alert is remembered after its last version. The service keeps no alert for longer.
	Kept = 180 * 24 * time.Hour
	// touchedEvery bounds how often the time of an alert's last version is stored.
	touchedEvery = 24 * time.Hour
	// maxWeight bounds what is in memory. An alert weighs as many records as it has, and alertWeight more.
	maxWeight   = 1_000_000
	alertWeight = 8
	// prefix begins the keys of a storage.
	prefix = "alert/v1/"
)

// history is what was handed on of an alert.
type history struct {
	// ids are in the order of the records: an id's index is the number of its record.
	ids []indicator.ID
	// seen is when the alert's last version came, to a day.
	seen time.Time
}

// Book holds the histories of alerts. It is used by one call at a time.
type Book struct {
	client storage.Client // nil: what is handed on is kept in memory only
	now    func() time.Time
	limit  int

	// recent are the entries in memory, the one used last in front.
	recent  *list.List
	entries map[Key]*list.Element
	weight  int
	// unsaved are the alerts whose stored history is another.
	unsaved map[Key]struct{}
}

// entry is a history in memory.
type entry struct {
	key Key
	history
}

func (e *entry) weight() int { return alertWeight + len(e.ids) }

// New returns an empty book. Without a client nothing is stored.
func New(client storage.Client, now func() time.Time) *Book {
	return &Book{
		client: client, now: now, limit: maxWeight,
		recent: list.New(), entries: map[Key]*list.Element{}, unsaved: map[Key]struct{}{},
	}
}

// refresh forgets what is in memory where other workers share the storage and one of them may have handed on more of the
// same alerts. What this one could not store is forgotten, too: those records may come again, with the same ids.
func (b *Book) refresh(ctx context.Context) error {
	shared, ok := b.client.(lease.Shared)
	if !ok {
		return nil
	}
	return shared.Refresh(ctx, func(context.Context) error {
		b.recent.Init()
		clear(b.entries)
		clear(b.unsaved)
		b.weight = 0
		return nil
	})
}

func (b *Book) missing(keys []Key) []Key {
	if b.client == nil {
		return nil
	}
	var missing []Key
	for _, key := range keys {
		if _, ok := b.entries[key]; !ok && !slices.Contains(missing, key) {
			missing = append(missing, key)
		}
	}
	return missing
}

func (b *Book) load(ctx context.Context, keys []Key) error {
	operations := make([]*storage.Operation, len(keys))
	for i, key := range keys {
		operations[i] = storage.GetOperation(prefix + string(key))
	}
	if len(operations) == 0 {
		return nil
	}
	if err := b.client.Batch(ctx, operations...); err != nil {
		return fmt.Errorf("'storage': reading which records of %d alerts were handed on: %w", len(keys), err)
	}
	for i, key := range keys {
		// A history that cannot be read is none: the records come again, with the same ids.
		if h, ok := decode(operations[i].Value); ok {
			b.put(key, h)
		}
	}
	return nil
}

func (b *Book) historyOf(key Key) history {
	if element, ok := b.entries[key]; ok {
		return element.Value.(*entry).history
	}
	return history{}
}

// put makes a history the one used last.
func (b *Book) put(key Key, h history) {
	b.forget(key)
	e := &entry{key: key, history: h}
	b.entries[key] = b.recent.PushFront(e)
	b.weight += e.weight()
}

func (b *Book) forget(key Key) {
	if element, ok := b.entries[key]; ok {
		b.recent.Remove(element)
		b.weight -= element.Value.(*entry).weight()
		delete(b.entries, key)
	}
}

// shrink makes room. What is not stored yet is needed.
func (b *Book) shrink() {
	for element := b.recent.Back(); element != nil && b.weight > b.limit; {
		e := element.Value.(*entry)
		element = element.Prev()
		if _, unsaved := b.unsaved[e.key]; !unsaved {
			b.forget(e.key)
		}
	}
}

// save stores what has changed. What could not be stored has changed still.
func (b *Book) save(ctx context.Context) error {
	if b.client == nil {
		clear(b.unsaved)
	}
	operations := make([]*storage.Operation, 0, len(b.unsaved))
	for key := range b.unsaved {
		operations = append(operations, storage.SetOperation(prefix+string(key), b.historyOf(key).encode()))
	}
	if len(operations) == 0 {
		return nil
	}
	if err := b.client.Batch(ctx, operations...); err != nil {
		return fmt.Errorf("'storage': writing which records of %d alerts were handed on: %w", len(operations), err)
	}
	clear(b.unsaved)
	return nil
}

// Prune deletes what is stored of alerts that the service has forgotten. A storage that cannot list what it holds keeps it.
func (b *Book) Prune(ctx context.Context) error {
	walker, ok := b.client.(storage.Walker)
	if !ok {
		return nil
	}
	err := walker.Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
		h, ok := decode(value)
		if strings.HasPrefix(key, prefix) && (!ok || b.now().Sub(h.seen) > Kept) {
			return []*storage.Operation{storage.DeleteOperation(key)}, nil
		}
		return nil, nil
	})
	if err != nil {
		return fmt.Errorf("'storage': deleting alerts that are older than %d days: %w", int(Kept.Hours()/24), err)
	}
	return nil
}

// Close stores what is left and closes the storage.
func (b *Book) Close(ctx context.Context) error {
	if b.client == nil {
		return nil
	}
	return errors.Join(b.save(ctx), b.client.Close(ctx))
}

// stored is the form in which a history is kept.
type stored struct {
	IDs  []string `json:"ids"`
	Seen int64    `json:"seen"` // seconds since 1970
}

func (h history) encode() []byte {
	s := stored{IDs: make([]string, len(h.ids)), Seen: h.seen.Unix()}
	for i, id := range h.ids {
		s.IDs[i] = id.String()
	}
	text, _ := json.Marshal(s) // texts and a number have a form
	return text
}

func decode(text []byte) (history, bool) {
	var s stored
	if len(text) == 0 || json.Unmarshal(text, &s) != nil {
		return history{}, false
	}
	h := history{ids: make([]indicator.ID, len(s.IDs)), seen: time.Unix(s.Seen, 0)}
	for i, text := range s.IDs {
		id, ok := indicator.ParseID(text)
		if !ok {
			return history{}, false
		}
		h.ids[i] = id
	}
	return h, true
}
