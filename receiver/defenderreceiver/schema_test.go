package defenderreceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Every documented column of every table is taken, also by a filter.
func TestDocumentedColumnsAreTaken(t *testing.T) {
	for _, declared := range tables.All() {
		for _, column := range columnsOf(declared) {
			cfg := TableConfig{Columns: []string{column}, Filter: column + ` != "LogonID"`, Enabled: true}
			require.NoError(t, cfg.misspelt(declared), "%s: %s", declared.Name, column)
			require.Empty(t, cfg.undocumented(declared), "%s: %s", declared.Name, column)
		}
	}
}

// Microsoft adds columns: one that is like none that is known is told at start, not refused.
func TestUndocumentedColumnsAreTold(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	cfg := createDefaultConfig().(*Config)
	cfg.Tables["DeviceEvents"] = TableConfig{
		Enabled: true, Columns: []string{"QuantumState", "FileName"}, Filter: `CloudPlatforms has "x" and QuantumState > 1 and DeviceId in (DeviceInfo)`,
	}
	cfg.Tables["Alerts"] = TableConfig{Columns: []string{"QuantumState"}} // disabled
	cfg.warnOfUndocumented(zap.New(core))
	require.Equal(t, 1, logs.Len())
	assert.Equal(t, map[string]any{"table": "DeviceEvents", "columns": []any{"QuantumState", "CloudPlatforms"}}, logs.All()[0].ContextMap())
}
