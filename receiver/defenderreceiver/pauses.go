package defenderreceiver

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// pauses keeps in the storage which tables a user has paused, so that a restart does not end a pause.
type pauses struct {
	store    storage.Client
	tenantID string
}

// key is where a table's pause stands in the storage. Its value is when the pause began.
func (p pauses) key(table string) string {
	return "pause/v1/" + strings.ToLower(p.tenantID) + "/" + table
}

func (p pauses) has(ctx context.Context, table string) (bool, error) {
	value, err := p.store.Get(ctx, p.key(table))
	if err != nil {
		return false, fmt.Errorf("read %q from the storage: %w", p.key(table), err)
	}
	return value != nil, nil
}

func (p pauses) begin(ctx context.Context, table string, now time.Time) error {
	if err := p.store.Set(ctx, p.key(table), []byte(now.UTC().Format(time.RFC3339))); err != nil {
		return fmt.Errorf("store %q: %w", p.key(table), err)
	}
	return nil
}

func (p pauses) end(ctx context.Context, table string) error {
	if err := p.store.Delete(ctx, p.key(table)); err != nil {
		return fmt.Errorf("delete %q from the storage: %w", p.key(table), err)
	}
	return nil
}
