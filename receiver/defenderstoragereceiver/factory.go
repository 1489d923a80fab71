package defenderstoragereceiver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/metadata"
)

// NewFactory creates the factory of the defender_storage receiver.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(
		metadata.Type,
		createDefaultConfig,
		receiver.WithLogs(createLogs, metadata.LogsStability),
	)
}

// createLogs makes a receiver that lives in terms where its storage gives leases.
func createLogs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	own := *cfg.(*Config)
	return lease.NewComponent(lease.Settings{
		Claim:   lease.Claim{Kind: component.KindReceiver, ID: set.ID, Scope: own.scope()},
		Storage: own.StorageID, Logger: set.Logger,
		Begin: func(term lease.Term) (component.Component, error) {
			return newReceiver(set, own, lease.Guard(term, next))
		},
	}), nil
}

// scope tells configurations apart with which workers must not run a receiver by turns: blobs that one of them does not read
// would be passed over.
func (c *Config) scope() string {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, strings.ToLower(c.AccountURL), c.Shard.Index, c.Shard.Of)
	for _, names := range [][]string{c.Containers, c.ExcludeContainers, c.Tenants} {
		_, _ = fmt.Fprintf(h, "%q\n", slices.Sorted(slices.Values(names)))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
