package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// siemRecord is what the test reads of a record of the former SIEM API.
type siemRecord struct {
	AlertID   string `json:"AlertId"`
	AlertPart int    `json:"AlertPart"`
	FullID    string `json:"FullId"`
	Source    string `json:"Source"`
	fields    int
}

// readSIEM reads the records, without a line that is not whole yet.
func readSIEM(t *testing.T, path string) (records []siemRecord) {
	t.Helper()
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var record siemRecord
		var fields map[string]any
		require.NoError(t, json.Unmarshal(line, &record))
		require.NoError(t, json.Unmarshal(line, &fields))
		record.fields = len(fields)
		records = append(records, record)
	}
	return records
}

// putProcesses adds a version of an alert that has so many processes.
func (s *stage) putProcesses(id string, updated time.Time, processes int) {
	s.t.Helper()
	evidence := []any{map[string]any{"@odata.type": "#microsoft.graph.security.deviceEvidence", "mdeDeviceId": "d1"}}
	for number := range processes {
		evidence = append(evidence, map[string]any{
			"@odata.type": "#microsoft.graph.security.processEvidence", "mdeDeviceId": "d1", "processId": number,
			"processCreationDateTime": epoch.Format(time.RFC3339),
		})
	}
	require.NoError(s.t, s.sim.PutAlert(map[string]any{
		"id": id, "createdDateTime": updated.Format(time.RFC3339Nano), "lastUpdateDateTime": updated.Format(time.RFC3339Nano),
		"severity": "high", "status": "new", "serviceSource": "microsoftDefenderForEndpoint", "detectionSource": "microsoftDefenderForEndpoint",
		"evidence": evidence,
	}, updated))
}

// The feed, the processor and a file: each record of an alert comes once, over the alert's versions and a restart, and no
// hunting query is spent.
func TestSIEM(t *testing.T) {
	// A first start takes the past that it reads from the machine's clock, so the emulator has the same.
	tenant := company(4*time.Hour, 20_000)
	tenant.Start = time.Now()
	s := newStage(t, defendersim.Options{Now: time.Now, Tenant: tenant})
	path := filepath.Join(s.dataDirectory(), "siem-alerts.ndjson")
	parts := func() (parts []int) {
		for _, record := range readSIEM(t, path) {
			if record.AlertID == "siem1" {
				parts = append(parts, record.AlertPart)
			}
		}
		return parts
	}
	for version, processes := range []int{2, 3, 5} {
		s.putProcesses("siem1", time.Now(), processes)
		c := s.startShipped("siem.yaml", []string{"siemhasty.yaml"})
		s.eventually(func() bool { return len(parts()) >= processes }, "records of version %d should come", version)
		c.stop()
	}
	assert.Equal(t, []int{0, 1, 2, 3, 4}, parts())

	var ids []string
	for _, record := range readSIEM(t, path) {
		ids = append(ids, record.FullID)
		assert.Equal(t, 50, record.fields)
		assert.True(t, strings.HasPrefix(record.FullID, record.AlertID+":"))
	}
	slices.Sort(ids)
	assert.Len(t, slices.Compact(slices.Clone(ids)), len(ids), "each FullId once")
	for _, table := range s.sim.Report().Tables {
		assert.Equal(t, "alerts_v2", table.Table, "no hunting query")
	}
}
