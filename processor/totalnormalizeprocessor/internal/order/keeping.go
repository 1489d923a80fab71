package order

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const (
	// keptEvery is how much of the order a crash may forget. The receiver offers what was handed on in that
	// time again, because it stores its cursors later than that.
	keptEvery = time.Second
	// keptAtOnce bounds a write.
	keptAtOnce = 10_000
	// prefix begins the keys of the newest Timestamps that were handed on.
	prefix = "order/v1/"
)

// Change is a Timestamp to be stored; one without Value is to be forgotten.
type Change struct {
	Key   string
	Value any
}

// Save stores changes, all or none.
type Save func(context.Context, []Change) error

// Restored are the newest Timestamps that a store held.
type Restored struct {
	now    time.Time
	newest map[uint64]pcommon.Timestamp
}

// NewRestored begins to read a store.
func NewRestored(now time.Time) *Restored {
	return &Restored{now: now, newest: map[uint64]pcommon.Timestamp{}}
}

// Read takes an entry in. It reports false where the key or the value is none of an order's. The service gives no rows
// that are older than its retention, so none would be late for one that is; and one of the future must not make all
// rows late for good.
func (f *Restored) Read(key string, value []byte) bool {
	const future = 24 * time.Hour
	text, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return false
	}
	hash, err := strconv.ParseUint(text, 16, 64)
	var at pcommon.Timestamp
	if err != nil || json.Unmarshal(value, &at) != nil {
		return false
	}
	if age := f.now.Sub(at.AsTime()); age > tables.Retention || age < -future {
		return false
	}
	f.newest[hash] = at
	return true
}

// Fill takes up what was handed on before, and notes from now on what changes. What another worker has handed on since
// is no change of this one's.
func (o *Order) Fill(f *Restored) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = map[uint64]struct{}{}
	}
	for key, at := range f.newest {
		if known := max(o.newest[key], o.before[key]); at >= known {
			o.newest[key] = at
			delete(o.changed, key)
		}
	}
}

func (o *Order) hasChanged() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.changed) > 0
}

// changes takes out what is to be stored, so many at most.
func (o *Order) changes(most int) (keys []uint64, entries []Change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key := range o.changed {
		if len(keys) == most {
			break
		}
		delete(o.changed, key)
		entry := Change{Key: prefix + strconv.FormatUint(key, 16)}
		if at := max(o.newest[key], o.before[key]); at > 0 {
			entry.Value = at
		}
		keys, entries = append(keys, key), append(entries, entry)
	}
	return keys, entries
}

// Keeping stores what changes in the order.
type Keeping struct {
	order  *Order
	begin  func(context.Context) error
	store  Save
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// Keep stores changes from now on, until End. Before each time it calls begin.
func (o *Order) Keep(ctx context.Context, begin func(context.Context) error, store Save, logger *zap.Logger) *Keeping {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	k := &Keeping{order: o, begin: begin, store: store, cancel: cancel}
	k.ended.Go(func() {
		ticker := time.NewTicker(keptEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := k.save(ctx); err != nil && ctx.Err() == nil {
				logger.Warn("Cannot store which events were handed on last; it is tried again", zap.Error(err))
			}
		}
	})
	return k
}

// save stores all that has changed. What could not be stored has changed still.
func (k *Keeping) save(ctx context.Context) error {
	if !k.order.hasChanged() {
		return nil
	}
	if err := k.begin(ctx); err != nil {
		return err
	}
	for {
		keys, entries := k.order.changes(keptAtOnce)
		if len(entries) == 0 {
			return nil
		}
		if err := k.store(ctx, entries); err != nil {
			k.order.mu.Lock()
			defer k.order.mu.Unlock()
			for _, key := range keys {
				k.order.change(key)
			}
			return err
		}
	}
}

// End stores the last changes.
func (k *Keeping) End(ctx context.Context) error {
	k.cancel()
	k.ended.Wait()
	if err := k.save(ctx); err != nil {
		return fmt.Errorf("storing which events were handed on last: %w", err)
	}
	return nil
}
