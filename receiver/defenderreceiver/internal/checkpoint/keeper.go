package checkpoint

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Change is a cursor and what became true with it.
type Change struct {
	Cursor Cursor
	// Delivered are the rows delivered since the change before.
	Delivered Rows
	// Counted are bins that an audit has read whole since then, with the service's count.
	Counted map[Bin]int
	// Forget drops the bins before it, but for Carried, and Carried too if DropCarried is set.
	Forget      Bin
	DropCarried bool
	// At is when the pipeline had accepted the rows.
	At time.Time
}

// Keeper loads cursors and ledgers and stores changes when they are due.
type Keeper struct {
	client   storage.Client
	tenantID string
	delay    time.Duration
	// written is told the number of cursors in each write and how it ended.
	written func(cursors int, err error)

	// mu guards everything below.
	mu      sync.Mutex
	index   map[string]map[Bin]Entry // by table, as stored
	waiting map[string][]Change      // by table, oldest first
	closed  bool
	failure error // of the last write; nil once a write succeeds
	wake    chan struct{}
}

// NewKeeper keeps a tenant's cursors in client, each stored delay after its rows were accepted.
func NewKeeper(client storage.Client, tenantID string, delay time.Duration, written func(cursors int, err error)) *Keeper {
	return &Keeper{
		client: client, tenantID: strings.ToLower(tenantID), delay: delay, written: written,
		index: map[string]map[Bin]Entry{}, waiting: map[string][]Change{}, wake: make(chan struct{}, 1),
	}
}

// Key is where a table's cursor stands in the storage. Another tenant has cursors of its own.
func (k *Keeper) Key(table string) string { return "cursor/v1/" + k.tenantID + "/" + table }

// Load returns a table's cursor and what its ledger holds, and whether there is one.
func (k *Keeper) Load(ctx context.Context, table string) (Cursor, map[Bin]Entry, bool, error) {
	data, err := k.client.Get(ctx, k.Key(table))
	if err != nil {
		return Cursor{}, nil, false, fmt.Errorf("read %q from the storage: %w", k.Key(table), err)
	}
	if data == nil {
		return Cursor{}, nil, false, nil
	}
	cursor, index, err := decode(data)
	if err != nil {
		return Cursor{}, nil, false, fmt.Errorf("the stored value of %q cannot be used: %w; "+
			"restore the storage directory, or remove it to begin at initial_lookback", k.Key(table), err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.index[table] = maps.Clone(index)
	return cursor, index, true, nil
}

// Bin returns the ids that the ledger holds of one bin, those included that are not stored yet.
func (k *Keeper) Bin(ctx context.Context, table string, bin Bin) ([]uuid.UUID, error) {
	k.mu.Lock()
	segments := k.index[table][bin].Segments
	var ids []uuid.UUID
	for _, change := range k.waiting[table] {
		ids = append(ids, change.Delivered[bin]...)
	}
	k.mu.Unlock()
	for n := range segments {
		key := segmentKey(k.tenantID, table, bin, n)
		data, err := k.client.Get(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("read %q from the storage: %w", key, err)
		}
		segment, err := decodeSegment(data)
		if err != nil {
			return nil, fmt.Errorf("the stored value of %q cannot be used: %w", key, err)
		}
		ids = append(ids, segment...)
	}
	return ids, nil
}

// Keep takes a change. It is stored once it is due. Keep returns the error of the last write: while
// cursors cannot be stored, a reader should not go on.
func (k *Keeper) Keep(table string, change Change) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.waiting[table] = append(k.waiting[table], change)
	select {
	case k.wake <- struct{}{}:
	default:
	}
	return k.failure
}

// Failure is the error of the last write, nil if it succeeded.
func (k *Keeper) Failure() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failure
}

// endOfTime is later than any time of acceptance.
var endOfTime = time.Unix(1<<40, 0)

// Run stores changes as they become due, until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	// After a failed write the next try waits at least this long.
	const retryInterval = time.Second
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		case <-timer.C:
		}
		now := time.Now()
		err := k.store(context.WithoutCancel(ctx), now.Add(-k.delay))
		next, waiting := k.due()
		switch {
		case !waiting:
			continue
		case err != nil:
			timer.Reset(retryInterval)
		default:
			timer.Reset(next.Sub(now))
		}
	}
}

// due is when the oldest waiting change should be stored.
func (k *Keeper) due() (time.Time, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var oldest time.Time
	for _, changes := range k.waiting {
		if at := changes[0].At; oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest.Add(k.delay), !oldest.IsZero()
}

// Flush stores all that waits, due or not: after it nothing is accepted any more. It is for an
// orderly end, when the exporters are about to flush too.
func (k *Keeper) Flush(ctx context.Context) error {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	return k.store(ctx, endOfTime)
}

// store writes, in one batch, what was accepted by limit, of all tables.
func (k *Keeper) store(ctx context.Context, limit time.Time) error {
	var (
		writes []write
		ops    []*storage.Operation
	)
	k.mu.Lock()
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
			k.mu.Unlock()
			return err
		}
		writes = append(writes, w)
		ops = append(ops, w.ops...)
	}
	k.mu.Unlock()
	if len(writes) == 0 {
		return nil
	}
	// The write is outside the lock, so a slow disk does not stop the readers.
	err := k.client.Batch(ctx, ops...)
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

// prepare makes one write of a table's changes.
func (k *Keeper) prepare(table string, changes []Change) (write, error) {
	w := write{table: table, changes: len(changes), index: maps.Clone(k.index[table])}
	if w.index == nil {
		w.index = map[Bin]Entry{}
	}
	last := changes[len(changes)-1]
	rows, dropCarried := Rows{}, false
	for _, change := range changes {
		for bin, ids := range change.Delivered {
			rows[bin] = append(rows[bin], ids...)
		}
		for bin, counted := range change.Counted {
			e := w.index[bin]
			e.Counted = counted
			w.index[bin] = e
		}
		dropCarried = dropCarried || change.DropCarried
	}
	for bin, e := range w.index {
		if bin == Carried && !dropCarried || bin != Carried && bin >= last.Forget {
			continue
		}
		for n := range e.Segments {
			w.ops = append(w.ops, storage.DeleteOperation(segmentKey(k.tenantID, table, bin, n)))
		}
		delete(w.index, bin)
	}
	for bin, ids := range rows {
		if bin != Carried && bin < last.Forget {
			continue
		}
		e := w.index[bin]
		w.ops = append(w.ops, storage.SetOperation(segmentKey(k.tenantID, table, bin, e.Segments), encodeSegment(ids)))
		e.Segments++
		e.Rows += len(ids)
		w.index[bin] = e
	}
	data, err := encode(last.Cursor, w.index)
	if err != nil {
		return write{}, fmt.Errorf("encode the cursor of %s: %w", table, err)
	}
	w.ops = append(w.ops, storage.SetOperation(k.Key(table), data))
	return w, nil
}
