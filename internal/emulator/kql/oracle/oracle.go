// Package oracle asks Microsoft's own KQL parser and binder, the npm package
// @kusto/language-service-next, what it says of queries. Only tests import it.
//
// The package is installed with `npm ci --prefix internal/emulator/kql/oracle`. Where Node or the package
// is missing, a test that asks is skipped and says so; no test reaches for the network.
package oracle

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

//go:embed check.js
var script string

// Column is a column of a table or a result; Type is its name in KQL.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Result is the verdict on one query: Errors are its diagnostics of severity Error, Columns what it
// gives if there are none.
type Result struct {
	Errors  []string `json:"errors"`
	Columns []Column `json:"columns"`
}

// Defender is the schema of every hunting table, as Check takes it.
func Defender() map[string][]Column {
	all := map[string][]Column{}
	for _, s := range tables.Schemas() {
		for _, c := range s.Columns {
			all[s.Name] = append(all[s.Name], Column{Name: c.Name, Type: c.Type.KQL()})
		}
	}
	return all
}

// Check asks about queries over tables, given as columns by name. It runs one Node process and gives
// a result for each query, in order.
func Check(tb testing.TB, tables map[string][]Column, queries []string) []Result {
	tb.Helper()
	folder := installed(tb)
	input := struct {
		Tables  map[string]string `json:"tables"`
		Queries []string          `json:"queries"`
	}{Tables: map[string]string{}, Queries: queries}
	for name, columns := range tables {
		fields := make([]string, len(columns))
		for i, c := range columns {
			fields[i] = "['" + c.Name + "']: " + c.Type
		}
		input.Tables[name] = "(" + strings.Join(fields, ", ") + ")"
	}
	stdin, err := json.Marshal(input)
	require.NoError(tb, err)

	path := filepath.Join(tb.TempDir(), "check.js")
	require.NoError(tb, os.WriteFile(path, []byte(script), 0o600))
	cmd := exec.CommandContext(tb.Context(), "node", path, folder) //nolint:gosec // both are this package's own
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(tb, err, "Microsoft's KQL parser failed: %s", stderr.String())
	var results []Result
	require.NoError(tb, json.Unmarshal(out, &results))
	require.Len(tb, results, len(queries))
	return results
}

// installed is the folder of the npm package; the test is skipped if there is none.
func installed(tb testing.TB) string {
	tb.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		tb.Skip("skipped: node is not installed, so Microsoft's KQL parser cannot be asked")
	}
	_, here, _, _ := runtime.Caller(0)
	folder := filepath.Join(filepath.Dir(here), "node_modules", "@kusto", "language-service-next")
	if _, err := os.Stat(filepath.Join(folder, "package.json")); err != nil {
		tb.Skip("skipped: Microsoft's KQL parser is not installed; run: npm ci --prefix internal/emulator/kql/oracle")
	}
	return folder
}
