package pipelinecheck

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var variable = regexp.MustCompile(`\$\{env:([A-Z_]+)(:-[^}]*)?\}`)

// valueOf is a value that the collector takes for a variable of a shipped configuration.
func valueOf(t *testing.T, name string) string {
	t.Helper()
	switch {
	case strings.HasSuffix(name, "_DIR"):
		return "/var/lib/otelcol-defender"
	case strings.HasSuffix(name, "_FILE"):
		path := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(path, []byte("s3cret"), 0o600))
		return path
	case name == "DEFENDER_B_TENANT_ID": // beside the one below
		return "22222222-2222-4333-8444-555555555555"
	case name == "POSTGRES_DSN":
		return "postgres://otelcol@host.example/otelcol?sslmode=verify-full"
	case strings.HasSuffix(name, "TENANT_ID"):
		return "11111111-2222-4333-8444-555555555555"
	case strings.HasSuffix(name, "CLIENT_ID"):
		return "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
	case name == "CLICKHOUSE_ENDPOINT":
		return "tcp://host.example:9440?secure=true"
	case name == "STORAGE_ACCOUNT_URL":
		return "https://contosodefender.blob.core.windows.net"
	case name == "LOKI_ENDPOINT":
		return "https://loki.example/otlp"
	case strings.Contains(name, "BROKER"), strings.HasSuffix(name, "_ENDPOINT"):
		return "host.example:9092"
	default:
		return "value"
	}
}

// What is shipped loses nothing, disorders nothing, repeats nothing and gets stuck nowhere by itself.
func TestShippedConfigurationsAreClean(t *testing.T) {
	paths, err := filepath.Glob("../../config/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, found := range variable.FindAllStringSubmatch(string(text), -1) {
				if _, set := os.LookupEnv(found[1]); !set && (found[2] == "" || strings.HasPrefix(found[2], ":-[") || strings.HasSuffix(found[1], "_DIR")) {
					t.Setenv(found[1], valueOf(t, found[1]))
				}
			}
			loaded, err := Load(t.Context(), []string{path})
			require.NoError(t, err)
			report, err := Check(loaded)
			require.NoError(t, err)
			assert.Empty(t, report.Invalid)
			assert.Empty(t, report.NotJudged)
			assert.Empty(t, report.Unset)
			assert.Equal(t, Clean, report.Verdict())
			for _, f := range report.Findings {
				assert.Equal(t, Info, f.Severity, "%s %s: %s", f.Rule, f.Path, f.Why)
				assert.Contains(t, []string{"file_deletes_old", "partial_success", "persistent_queue_secondary", "waited_queue_hangs", "siem_other_records_drop"}, f.Rule)
			}
		})
	}
}
