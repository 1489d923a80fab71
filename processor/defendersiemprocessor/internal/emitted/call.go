package emitted

import (
	"context"
	"slices"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/indicator"
)

// Call is what one call hands on.
type Call struct {
	book   *Book
	drafts map[Key]*Draft
}

// Draft is the history of an alert as it will be.
type Draft struct {
	ids   []indicator.ID
	added int
}

// Open begins a call and reads what is stored of its alerts.
func (b *Book) Open(ctx context.Context, keys []Key) (*Call, error) {
	if err := b.refresh(ctx); err != nil {
		return nil, err
	}
	if err := b.load(ctx, b.missing(keys)); err != nil {
		return nil, err
	}
	return &Call{book: b, drafts: map[Key]*Draft{}}, nil
}

// Draft returns the alert's draft. Versions of one alert in one call share it.
func (c *Call) Draft(key Key) *Draft {
	d, ok := c.drafts[key]
	if !ok {
		d = &Draft{ids: slices.Clone(c.book.historyOf(key).ids)}
		c.drafts[key] = d
	}
	return d
}

// Commit makes the drafts count: the records were accepted. An error says that they are not stored; they will be with the
// next call.
func (c *Call) Commit(ctx context.Context) error {
	b := c.book
	for key, d := range c.drafts {
		h := b.historyOf(key)
		if d.added > 0 || b.now().Sub(h.seen) > touchedEvery {
			h = history{ids: d.ids, seen: b.now()}
			b.unsaved[key] = struct{}{}
		}
		b.put(key, h)
	}
	err := b.save(ctx)
	b.shrink()
	return err
}

// Len is the number of the alert's records.
func (d *Draft) Len() int { return len(d.ids) }

// First is the id of the alert's first record.
func (d *Draft) First() (indicator.ID, bool) {
	if len(d.ids) == 0 {
		return indicator.ID{}, false
	}
	return d.ids[0], true
}

// Number is the number of the record with this id. It reports false where there is none yet.
func (d *Draft) Number(id indicator.ID) (int, bool) {
	i := slices.Index(d.ids, id)
	return i, i >= 0
}

// Add gives a new record the next number.
func (d *Draft) Add(id indicator.ID) int {
	d.ids = append(d.ids, id)
	d.added++
	return len(d.ids) - 1
}
