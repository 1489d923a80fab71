package defenderreceiver

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// The rows of directories, which all come at the start, go in smaller calls than others, unless those are small as well.
func TestCallsOfDirectoriesAreSmaller(t *testing.T) {
	records := func(most int, name string) int {
		cfg := createDefaultConfig().(*Config)
		cfg.Batch.MaxRecords = most
		table, ok := tables.ByName(name)
		assert.True(t, ok, name)
		b := cfg.newBatch(table, "")
		for !b.Full() {
			b.Add(pcommon.NewMap(), delivery.Row{UID: uuid.New()}, time.Time{})
		}
		return b.Len()
	}
	assert.Equal(t, 1000, records(1000, "DeviceEvents"))
	for _, directory := range []string{"DeviceInfo", "IdentityInfo"} {
		assert.Equal(t, directoryBatch, records(1000, directory))
		assert.Equal(t, 10, records(10, directory))
	}
}
