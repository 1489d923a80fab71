package emitted

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/indicator"
)

// Key stands for an alert of a tenant.
type Key string

// KeyOf is the key of an alert.
func KeyOf(tenantID, alertID string) Key {
	sum := sha256.Sum256([]byte(tenantID + "\x00" + alertID))
	return Key(hex.EncodeToString(sum[:16]))
}

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
