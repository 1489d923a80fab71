package checkpoint

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
		k.index[w.table] = w.index
		if k.waiting[w.table] = k.waiting[w.table][w.changes:]; len(k.waiting[w.table]) == 0 {
			delete(k.waiting, w.table)
		}
	}
	return nil
}

// write is a table's part of a batch.
type write struct {
	table   string
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
	for table, changes := range k.waiting {
		n := 0
		for n < len(changes) && !changes[n].At.After(limit) {
			n++
		}
		if n == 0 {
			continue
		}
		w, err := k.prepare(table, changes[:n])
		if err != nil {
			k.failure = err
			return nil, nil, err
		}
		writes = append(writes, w)
		ops = append(ops, w.ops...)
	}
	return writes, ops, nil
}

// prepare makes one write of a table's changes, in their order.
func (k *Keeper) prepare(table string, changes []Change) (write, error) {
	w := write{table: table, changes: len(changes), index: maps.Clone(k.index[table])}
	if w.index == nil {
		w.index = map[Bin]Entry{}
	}
	rows, refused := Rows{}, map[Bin]int{}
	for _, change := range changes {
		w.drop(k, rows, refused, func(bin Bin) bool {
			if bin == Carried {
				return change.DropCarried
			}
			_, dropped := change.Drop[bin]
			return dropped || change.Reset || bin < change.Forget
		})
		for bin, ids := range change.Delivered {
			rows[bin] = append(rows[bin], ids...)
		}
		for bin, n := range change.Refused {
			refused[bin] += n
		}
		for bin, counted := range change.Counted {
			e := w.index[bin]
			e.Counted = counted
			w.index[bin] = e
		}
	}
	for bin, ids := range rows {
		e := w.index[bin]
		w.ops = append(w.ops, storage.SetOperation(segmentKey(k.tenantID, table, bin, e.Segments), encodeSegment(ids)))
		e.Segments++
		e.Rows += len(ids)
		e.Refused += refused[bin]
		w.index[bin] = e
	}
	data, err := encode(changes[len(changes)-1].Cursor, w.index)
	if err != nil {
		return write{}, fmt.Errorf("encode the cursor of %s: %w", table, err)
	}
	w.ops = append(w.ops, storage.SetOperation(k.Key(table), data))
	return w, nil
}

// drop takes bins out, those that are stored and those that are about to be.
func (w *write) drop(k *Keeper, rows Rows, refused map[Bin]int, dropped func(Bin) bool) {
	for bin, e := range w.index {
		if !dropped(bin) {
			continue
		}
		for n := range e.Segments {
			w.ops = append(w.ops, storage.DeleteOperation(segmentKey(k.tenantID, w.table, bin, n)))
		}
		delete(w.index, bin)
	}
	maps.DeleteFunc(rows, func(bin Bin, _ []uuid.UUID) bool { return dropped(bin) })
	maps.DeleteFunc(refused, func(bin Bin, _ int) bool { return dropped(bin) })
}
