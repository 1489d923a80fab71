package ledger

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

// change is a cursor and what became true with it.
type change struct {
	cursor Cursor
	// delivered are the rows that were delivered or refused since the change before.
	delivered Rows
	// refused are those of delivered that the pipeline refused for good.
	refused Rows
	// counted are bins that an audit has read whole since then, with the service's count.
	counted map[Bin]int
	// forget drops the bins before it, but for Carried.
	forget Bin
	// drop are further bins to be dropped.
	drop map[Bin]struct{}
	// reset drops all that was delivered before, dropCarried what was carried.
	reset, dropCarried bool
	// at is when the pipeline had accepted the rows.
	at time.Time
}

func newChange() change {
	return change{delivered: Rows{}, refused: Rows{}, counted: map[Bin]int{}, drop: map[Bin]struct{}{}}
}

// take returns the change, and begins the next one.
func (c *change) take(cursor Cursor, now time.Time) change {
	taken := *c
	taken.cursor, taken.at = cursor, now
	*c = newChange()
	c.forget = taken.forget
	return taken
}

// Keeper loads cursors and ledgers and stores changes when they are due.
type Keeper struct {
	client   storage.Client
	tenantID string
	delay    time.Duration
	// written is told the number of cursors in each write and how it ended.
	written func(cursors int, err error)

	// writing is held by the one write that is under way.
	writing sync.Mutex

	// mu guards everything below.
	mu      sync.Mutex
	index   map[string]map[Bin]Entry // by lane, as stored
	waiting map[string][]change      // by lane, oldest first
	closed  bool
	failure error // of the last write; nil once a write succeeds
	wake    chan struct{}
}

// NewKeeper keeps a tenant's cursors in client, each stored delay after its rows were accepted.
func NewKeeper(client storage.Client, tenantID string, delay time.Duration, written func(cursors int, err error)) *Keeper {
	return &Keeper{
		client: client, tenantID: strings.ToLower(tenantID), delay: delay, written: written,
		index: map[string]map[Bin]Entry{}, waiting: map[string][]change{}, wake: make(chan struct{}, 1),
	}
}

// key is where a lane's cursor stands in the storage. Another tenant has cursors of its own.
func (k *Keeper) key(lane string) string { return "cursor/v1/" + k.tenantID + "/" + lane }

// load returns a lane's cursor and the index of its bins, and whether there is one.
func (k *Keeper) load(ctx context.Context, lane string) (Cursor, map[Bin]Entry, bool, error) {
	data, err := k.client.Get(ctx, k.key(lane))
	if err != nil {
		return Cursor{}, nil, false, fmt.Errorf("read %q from the storage: %w", k.key(lane), err)
	}
	if data == nil {
		return Cursor{}, nil, false, nil
	}
	cursor, index, err := decode(data)
	if err != nil {
		return Cursor{}, nil, false, fmt.Errorf("the stored value of %q cannot be used: %w; "+
			"restore the storage directory, or remove it to begin at initial_lookback", k.key(lane), err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.index[lane] = maps.Clone(index)
	return cursor, index, true, nil
}

// FirstStart is when a table was first started that has no cursor yet. The first call stores now.
func (k *Keeper) FirstStart(ctx context.Context, lane string, now time.Time) (first time.Time, isNow bool, err error) {
	key := "start/v1/" + k.tenantID + "/" + lane
	data, err := k.client.Get(ctx, key)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read %q from the storage: %w", key, err)
	}
	if first, err := time.Parse(time.RFC3339Nano, string(data)); err == nil {
		return first, false, nil
	}
	if err := k.client.Set(ctx, key, []byte(now.UTC().Format(time.RFC3339Nano))); err != nil {
		return time.Time{}, false, fmt.Errorf("store %q: %w", key, err)
	}
	return now, true, nil
}

// bin returns the ids of one bin, those included that are not stored yet.
func (k *Keeper) bin(ctx context.Context, lane string, bin Bin) ([]uuid.UUID, error) {
	return k.ids(ctx, lane, bin, segmentKey, func(c change) Rows { return c.delivered })
}

// refused returns the ids of one bin that the pipeline refused for good. Earlier releases did not store which rows
// were, only how many.
func (k *Keeper) refused(ctx context.Context, lane string, bin Bin) ([]uuid.UUID, error) {
	return k.ids(ctx, lane, bin, refusedKey, func(c change) Rows { return c.refused })
}

func (k *Keeper) ids(ctx context.Context, lane string, bin Bin, keyOf func(tenantID, lane string, bin Bin, n int) string,
	of func(change) Rows,
) ([]uuid.UUID, error) {
	k.mu.Lock()
	segments := k.index[lane][bin].Segments
	var ids []uuid.UUID
	for _, change := range k.waiting[lane] {
		ids = append(ids, of(change)[bin]...)
	}
	k.mu.Unlock()
	for n := range segments {
		key := keyOf(k.tenantID, lane, bin, n)
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

// keep takes a change. It is stored once it is due. keep returns the error of the last write: while
// cursors cannot be stored, a reader should not go on.
func (k *Keeper) keep(lane string, c change) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.waiting[lane] = append(k.waiting[lane], c)
	select {
	case k.wake <- struct{}{}:
	default:
	}
	return k.failure
}

// Failure is the error of the last write, nil if it succeeded. A write that does not end is one, too.
func (k *Keeper) Failure() error {
	const patience = time.Minute
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, changes := range k.waiting {
		if late := time.Since(changes[0].at) - k.delay; k.failure == nil && late > patience {
			return fmt.Errorf("the storage has not answered for %s", late.Round(time.Second))
		}
	}
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
		if at := changes[0].at; oldest.IsZero() || at.Before(oldest) {
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
