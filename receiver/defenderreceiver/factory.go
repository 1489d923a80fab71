package defenderreceiver

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
)

// NewFactory creates the factory of the defender receiver.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(
		metadata.Type,
		createDefaultConfig,
		receiver.WithLogs(createLogs, metadata.LogsStability),
		receiver.WithMetrics(createMetrics, metadata.MetricsStability),
	)
}

// scope tells configurations apart with which workers must not run a receiver by turns: a tenant, tables or columns that
// one of them does not read would be complete for one worker and not for the next.
func (c *Config) scope() string {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, strings.ToLower(c.Credentials.TenantID), firstOf(c.ClientConfig.Endpoint, string(c.Cloud)), c.LateArrival.Mode, c.HumanAccountsOnly)
	for _, name := range slices.Sorted(maps.Keys(c.Tables)) {
		if t := c.Tables[name]; t.Enabled {
			_, _ = fmt.Fprintf(h, "%s %q %q\n", name, t.Columns, t.Filter)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
