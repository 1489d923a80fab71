package e2e

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Rows of a real tenant, which nobody here wrote, as DeviceEvents.
func TestRealRows(t *testing.T) {
	path := os.Getenv("DEFENDER_SAMPLE_ROWS")
	if path == "" {
		t.Skip("DEFENDER_SAMPLE_ROWS names no file: give it the path of hunting rows, one JSON object a line")
	}
	const table = "DeviceEvents"
	clock := defendersim.NewClock(epoch)
	s := newStage(t, defendersim.Options{
		Now: clock.Now, RowFiles: []defendersim.RowFile{{Table: table, Path: path, Recent: true}},
	})
	want := s.truth(s.settled())
	require.NotEmpty(t, want, "the file has rows that can be taken: %v", s.sim.Report().PassedOver)
	c := s.start(run{})
	var rows []rawRow
	s.eventually(func() bool {
		rows, _ = readRaw(t, s.raw)
		return len(lacking(want, s.keys(rows))) == 0
	}, "all %d rows should come", len(want))
	c.stop()

	events, _ := readTotal(t, s.totalFile())
	ids := map[string]bool{}
	for _, event := range events {
		ids[event.ID] = true
	}
	declared, _ := tables.ByName(table)
	for _, r := range rows {
		raw, err := json.Marshal(r.body.AsRaw())
		require.NoError(t, err)
		t.Logf("row %s: %s", r.uid, raw)
		for _, account := range declared.Accounts {
			if name := r.text(account.Name); name != "" {
				assert.True(t, ids[r.uid], "the row of %s gives an event", name)
			}
		}
	}
	for _, event := range events {
		t.Logf("event: %s", event.line)
	}
	for _, note := range s.sim.Report().PassedOver {
		t.Log("passed over: ", note)
	}
	t.Logf("rows: %d, events: %d, at %s", len(rows), len(events), clock.Now().Format(time.RFC3339))
}
