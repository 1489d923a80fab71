package ledger

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// store writes, in one batch, what was accepted by limit, of all tables.
func (k *Keeper) store(ctx context.Context, limit time.Time) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	writes, ops, err := k.prepareAll(limit)
	if err != nil || len(writes) == 0 {
		return err
	}
	// The write is outside the lock, so a slow disk does not stop the readers.
	err = k.client.Batch(ctx, ops...)
	if err != nil {
		err = fmt.Errorf("store %d cursors: %w", len(writes), err)
	}
	k.written(len(writes), err)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failure = err
	if err != nil {
		return err
	}
	for _, w := range writes {
		k.index[w.lane] = w.index
		if k.waiting[w.lane] = k.waiting[w.lane][w.changes:]; len(k.waiting[w.lane]) == 0 {
			delete(k.waiting, w.lane)
		}
	}
	return nil
}

// write is a lane's part of a batch.
type write struct {
	lane    string
	changes int
	index   map[Bin]Entry // as it is once the batch is written
	ops     []*storage.Operation
}

func (k *Keeper) prepareAll(limit time.Time) ([]write, []*storage.Operation, error) {
	var (
		writes []write
		ops    []*storage.Operation
	)
	k.mu.Lock()
	defer k.mu.Unlock()
	for lane, changes := range k.waiting {
		n := 0
		for n < len(changes) && !changes[n].at.After(limit) {
			n++
		}
		if n == 0 {
			continue
		}
		w, err := k.prepare(lane, changes[:n])
		if err != nil {
			k.failure = err
			return nil, nil, err
		}
		writes = append(writes, w)
		ops = append(ops, w.ops...)
	}
	return writes, ops, nil
}

// prepare makes one write of a lane's changes, in their order.
func (k *Keeper) prepare(lane string, changes []change) (write, error) {
	w := write{lane: lane, changes: len(changes), index: maps.Clone(k.index[lane])}
	if w.index == nil {
		w.index = map[Bin]Entry{}
	}
	rows, refused := Rows{}, Rows{}
	for _, change := range changes {
		w.drop(k, rows, refused, func(bin Bin) bool {
			if bin == Carried {
				return change.dropCarried
			}
			_, dropped := change.drop[bin]
			return dropped || change.reset || bin < change.forget
		})
		for bin, ids := range change.delivered {
			rows[bin] = append(rows[bin], ids...)
		}
		for bin, ids := range change.refused {
			refused[bin] = append(refused[bin], ids...)
		}
		for bin, counted := range change.counted {
			e := w.index[bin]
			e.Counted = counted
			w.index[bin] = e
		}
	}
	for bin, ids := range rows {
		e := w.index[bin]
		w.ops = append(w.ops, storage.SetOperation(segmentKey(k.tenantID, lane, bin, e.Segments), encodeSegment(ids)))
		if len(refused[bin]) > 0 {
			w.ops = append(w.ops, storage.SetOperation(refusedKey(k.tenantID, lane, bin, e.Segments), encodeSegment(refused[bin])))
		}
		e.Segments++
		e.Rows += len(ids)
		e.Refused += len(refused[bin])
		w.index[bin] = e
	}
	data, err := encode(changes[len(changes)-1].cursor, w.index)
	if err != nil {
		return write{}, fmt.Errorf("encode the cursor of %s: %w", lane, err)
	}
	w.ops = append(w.ops, storage.SetOperation(k.key(lane), data))
	return w, nil
}

// drop takes bins out, those that are stored and those that are about to be.
func (w *write) drop(k *Keeper, rows, refused Rows, dropped func(Bin) bool) {
	for bin, e := range w.index {
		if !dropped(bin) {
			continue
		}
		for n := range e.Segments {
			w.ops = append(w.ops, storage.DeleteOperation(segmentKey(k.tenantID, w.lane, bin, n)))
			if e.Refused > 0 {
				w.ops = append(w.ops, storage.DeleteOperation(refusedKey(k.tenantID, w.lane, bin, n)))
			}
		}
		delete(w.index, bin)
	}
	maps.DeleteFunc(rows, func(bin Bin, _ []uuid.UUID) bool { return dropped(bin) })
	maps.DeleteFunc(refused, func(bin Bin, _ []uuid.UUID) bool { return dropped(bin) })
}
