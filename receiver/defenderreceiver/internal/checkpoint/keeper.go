package checkpoint

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Keeper loads cursors and stores them when they are due.
type Keeper struct {
	client storage.Client
	delay  time.Duration
	// written is told the number of cursors in each write and how it ended.
	written func(cursors int, err error)

	// mu guards everything below.
	mu      sync.Mutex
	waiting map[string][]accepted // by table, oldest first
	closed  bool
	failure error // of the last write; nil once a write succeeds
	wake    chan struct{}
}

// accepted is a cursor whose rows the pipeline has accepted.
type accepted struct {
	cursor Cursor
	at     time.Time
}

// NewKeeper keeps cursors in client, each stored delay after it was given to Keep.
func NewKeeper(client storage.Client, delay time.Duration, written func(cursors int, err error)) *Keeper {
	return &Keeper{client: client, delay: delay, written: written, waiting: map[string][]accepted{}, wake: make(chan struct{}, 1)}
}

// Key is where a table's cursor stands in the storage.
func Key(table string) string { return "cursor/v1/" + table }

// Load returns a table's cursor, and whether there is one.
func (k *Keeper) Load(ctx context.Context, table, tenantID string) (Cursor, bool, error) {
	data, err := k.client.Get(ctx, Key(table))
	if err != nil {
		return Cursor{}, false, fmt.Errorf("read %q from the storage: %w", Key(table), err)
	}
	if data == nil {
		return Cursor{}, false, nil
	}
	cursor, err := decode(data)
	if err != nil {
		return Cursor{}, false, fmt.Errorf("the stored value of %q cannot be used: %w; "+
			"restore the storage directory, or remove it to begin at initial_lookback", Key(table), err)
	}
	if cursor.TenantID != tenantID {
		return Cursor{}, false, fmt.Errorf("the stored value of %q belongs to tenant %s, and the receiver reads tenant %s: "+
			"give each tenant a receiver of its own name", Key(table), cursor.TenantID, tenantID)
	}
	return cursor, true, nil
}

// Keep takes a cursor whose rows were accepted at the given time. It is stored once it is due. Keep
// returns the error of the last write: while cursors cannot be stored, a reader should not go on.
func (k *Keeper) Keep(table string, cursor Cursor, at time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.waiting[table] = append(k.waiting[table], accepted{cursor, at})
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

// Run stores cursors as they become due, until ctx ends.
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

// due is when the oldest waiting cursor should be stored.
func (k *Keeper) due() (time.Time, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var oldest time.Time
	for _, list := range k.waiting {
		if at := list[0].at; oldest.IsZero() || at.Before(oldest) {
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

// store writes, in one batch, each table's newest cursor whose rows were accepted by limit.
func (k *Keeper) store(ctx context.Context, limit time.Time) error {
	k.mu.Lock()
	var operations []*storage.Operation
	counts := map[string]int{}
	for table, list := range k.waiting {
		n := 0
		for n < len(list) && !list[n].at.After(limit) {
			n++
		}
		if n == 0 {
			continue
		}
		data, err := encode(list[n-1].cursor)
		if err != nil {
			k.failure = fmt.Errorf("encode the cursor of %s: %w", table, err)
			k.mu.Unlock()
			return k.failure
		}
		counts[table] = n
		operations = append(operations, storage.SetOperation(Key(table), data))
	}
	k.mu.Unlock()
	if len(operations) == 0 {
		return nil
	}
	// The write is outside the lock, so a slow disk does not stop the readers.
	err := k.client.Batch(ctx, operations...)
	if err != nil {
		err = fmt.Errorf("store %d cursors: %w", len(operations), err)
	}
	k.written(len(operations), err)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failure = err
	if err != nil {
		return err
	}
	for table, n := range counts {
		if k.waiting[table] = k.waiting[table][n:]; len(k.waiting[table]) == 0 {
			delete(k.waiting, table)
		}
	}
	return nil
}
