package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJudge(t *testing.T) {
	const id = "GO-2026-0001"
	inStdlib := map[place]finding{{id, "stdlib"}: {version: "v1.26.8", library: "net/http", fixed: "v1.26.9"}}
	inModule := map[place]finding{{id, "example.com/m"}: {version: "v1.0.0", library: "example.com/m/part"}}
	around := map[place]finding{{id, "example.com"}: {version: "v1.0.0", library: "example.com/m/part"}}
	allow := func(module, expires string) []exception {
		return []exception{{IDs: []string{id}, Module: module, Expires: expires, Reason: "no mended version builds"}}
	}
	for name, test := range map[string]struct {
		found    map[place]finding
		list     []exception
		failures int
		notes    int
	}{
		"nothing":                                  {},
		"a finding without an exception":           {found: inModule, failures: 1},
		"a finding with an exception":              {found: inModule, list: allow("example.com/m", "2027-01-31"), notes: 1},
		"the exception's last day":                 {found: inModule, list: allow("example.com/m", "2027-01-15"), notes: 1},
		"the exception ended yesterday":            {found: inModule, list: allow("example.com/m", "2027-01-14"), failures: 1},
		"an exception of the standard library":     {found: inStdlib, list: allow("stdlib", "2027-01-31"), notes: 1},
		"an exception of another module":           {found: inModule, list: allow("stdlib", "2027-01-31"), failures: 1, notes: 1},
		"a module whose name begins alike":         {found: inModule, list: allow("example.com/mo", "2027-01-31"), failures: 1, notes: 1},
		"govulncheck names the module around":      {found: around, list: allow("example.com/m", "2027-01-31"), notes: 1},
		"an exception without a finding is a note": {list: allow("example.com/m", "2020-01-01"), notes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := judge(test.found, test.list, time.Date(2027, 1, 15, 23, 59, 0, 0, time.UTC))
			assert.Len(t, got.failures, test.failures)
			if test.failures == 0 {
				assert.Len(t, got.notes, test.notes)
			}
		})
	}
}

func TestReadExceptions(t *testing.T) {
	_, err := readExceptions(filepath.Join("..", "..", ".ci", "vulnerabilities.yaml"))
	require.NoError(t, err)

	const database = "database: v1\n"
	for name, test := range map[string]struct{ content, want string }{
		"no database":  {"exceptions: []", "'database'"},
		"no reason":    {database + "exceptions: [{ids: [A], module: m, expires: 2027-01-31}]", "reason"},
		"no ids":       {database + "exceptions: [{module: m, expires: 2027-01-31, reason: r}]", "ids"},
		"no day":       {database + "exceptions: [{ids: [A], module: m, reason: r}]", "'expires'"},
		"never ends":   {database + "exceptions: [{ids: [A], module: m, reason: r, expires: never}]", "'expires'"},
		"unknown keys": {database + "exceptions: [{id: A}]", "field id not found"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "list.yaml")
			require.NoError(t, os.WriteFile(file, []byte(test.content), 0o600))
			_, err := readExceptions(file)
			assert.ErrorContains(t, err, test.want)
		})
	}
}
