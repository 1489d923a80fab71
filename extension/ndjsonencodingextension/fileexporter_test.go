package ndjsonencodingextension

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// The real file exporter, restarted between two calls: each event stands on a line of its own, right after the call
// that accepted it, and a restart continues the file.
func TestFileExporterWritesOneEventPerLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	for run := range 2 {
		files := startFileExporter(t, path)
		require.NoError(t, files.ConsumeLogs(t.Context(), events(2)))
		require.NoError(t, files.ConsumeLogs(t.Context(), events(1)))
		assert.Len(t, readLines(t, path), 3*(run+1))
		require.NoError(t, files.Shutdown(t.Context()))
	}
	for _, line := range readLines(t, path) {
		var event struct {
			EventID string `json:"event_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &event), "%s", line)
		assert.NotEmpty(t, event.EventID)
	}
}

func TestFileExporterRotatesBetweenEvents(t *testing.T) {
	directory := t.TempDir()
	files := startFileExporter(t, filepath.Join(directory, "events.ndjson"))
	const calls, perCall = 40, 300 // about 5 MB with files of 1 MB
	for range calls {
		require.NoError(t, files.ConsumeLogs(t.Context(), events(perCall)))
	}
	require.NoError(t, files.Shutdown(t.Context()))

	paths, err := filepath.Glob(filepath.Join(directory, "*"))
	require.NoError(t, err)
	require.Greater(t, len(paths), 2)
	lines := 0
	for _, path := range paths {
		for _, line := range readLines(t, path) {
			assert.True(t, json.Valid([]byte(line)), "%s", line)
			lines++
		}
	}
	assert.Equal(t, calls*perCall, lines)
}

func startFileExporter(t *testing.T, path string) exporter.Logs {
	t.Helper()
	return startFileExporterWith(t, path, map[string]any{"rotation": map[string]any{"max_megabytes": 1}}, zap.NewNop())
}

func startFileExporterWith(t *testing.T, path string, settings map[string]any, logger *zap.Logger) exporter.Logs {
	t.Helper()
	id := component.NewID(NewFactory().Type())
	extensionSettings := extensiontest.NewNopSettings(id.Type())
	extensionSettings.Logger = logger
	extension, err := NewFactory().Create(t.Context(), extensionSettings, &Config{AppendsTo: path})
	require.NoError(t, err)

	factory := fileexporter.NewFactory()
	config := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"path": path, "encoding": id.String()}).Unmarshal(config))
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(config))
	files, err := factory.CreateLogs(t.Context(), exportertest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	host := collector.Extensions{id: extension}
	require.NoError(t, files.Start(t.Context(), host))
	return files
}

func readLines(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	var lines []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	return lines
}
