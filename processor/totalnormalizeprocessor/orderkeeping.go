package totalnormalizeprocessor

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"
)

const (
	// orderKeptEvery is how much of the order a crash may forget. The receiver offers what was handed on in that
	// time again, because it stores its cursors later than that.
	orderKeptEvery = time.Second
	// orderKeptAtOnce bounds a write.
	orderKeptAtOnce = 10_000
)

// restore begins with what was handed on before, and notes from now on what changes.
func (o *order) restore(newest map[uint64]pcommon.Timestamp) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.newest, o.changed = newest, map[uint64]struct{}{}
}

// change notes that a group is to be stored, or forgotten. mu is held.
func (o *order) change(group uint64) {
	if o.changed != nil {
		o.changed[group] = struct{}{}
	}
}

// changes takes out what is to be stored, so many at most.
func (o *order) changes(most int) (groups []uint64, entries []storedEntry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for group := range o.changed {
		if len(groups) == most {
			break
		}
		delete(o.changed, group)
		entry := storedEntry{key: orderPrefix + strconv.FormatUint(group, 16)}
		if at := max(o.newest[group], o.before[group]); at > 0 {
			entry.value = at
		}
		groups, entries = append(groups, group), append(entries, entry)
	}
	return groups, entries
}

// orderKeeping stores what changes in the order.
type orderKeeping struct {
	order  *order
	store  *store
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

func keepOrder(ctx context.Context, o *order, s *store, logger *zap.Logger) *orderKeeping {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	k := &orderKeeping{order: o, store: s, cancel: cancel}
	k.ended.Go(func() {
		ticker := time.NewTicker(orderKeptEvery)
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
func (k *orderKeeping) save(ctx context.Context) error {
	for {
		groups, entries := k.order.changes(orderKeptAtOnce)
		if len(entries) == 0 {
			return nil
		}
		if err := k.store.save(ctx, entries); err != nil {
			k.order.mu.Lock()
			defer k.order.mu.Unlock()
			for _, group := range groups {
				k.order.change(group)
			}
			return err
		}
	}
}

// end stores the last changes.
func (k *orderKeeping) end(ctx context.Context) error {
	k.cancel()
	k.ended.Wait()
	if err := k.save(ctx); err != nil {
		return fmt.Errorf("storing which events were handed on last: %w", err)
	}
	return nil
}
