package totalnormalizeprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// What finding out who acted allocates for each record, beyond the event itself.
func TestAllocationsPerRecord(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, too")
	}
	const records = 200
	// Of evidence more is parsed, and its accounts are lists.
	most := map[string]float64{"Alerts": 7}
	company := newTenantRows(t, 1_000_000)
	directories := company.directories(t)
	for _, table := range tables.All() {
		if table.Event == nil {
			continue
		}
		t.Run(table.Name, func(t *testing.T) {
			call := company.people(t, directories, table.Name, records)
			events := newBuilder(normalized(t, directories, call))
			p := oursTo(t, consumertest.NewNop(), directories)
			next := func() plog.Logs { return later(call) }
			consume := func(logs plog.Logs) error { return p.ConsumeLogs(t.Context(), logs) }
			assert.NoError(t, consume(call))
			ours := allocations(t, next, consume)
			building := allocations(t, next, func(plog.Logs) error { events.build(); return nil })
			limit, ok := most[table.Name]
			if !ok {
				limit = 5
			}
			t.Logf("%.1f beyond %.1f", (ours-building)/records, building/records)
			assert.LessOrEqual(t, (ours-building)/records, limit)
		})
	}
}
