package engine

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/oracle"
)

// schemaDatabase is every table of the service, and two that have a column of every type; all empty.
func schemaDatabase() (memoryDatabase, map[string][]oracle.Column) {
	db := memoryDatabase{
		"T": newTable("Timestamp:datetime s:string s2:string i:int l:long r:real b:bool d:dynamic ts:timespan"),
		"U": newTable("Timestamp:datetime s:string l:long z:real"),
	}
	asked := oracle.Defender()
	for name, table := range db {
		asked[name] = asOracleColumns(table.columns)
	}
	for name, columns := range asked {
		if db[name] != nil {
			continue
		}
		db[name] = &memoryTable{}
		for _, c := range columns {
			db[name].columns = append(db[name].columns, Column{Name: c.Name, Type: typeNamed(c.Type)})
		}
	}
	return db, asked
}

// readQueries reads a file of queries that stand apart by lines of ---.
func readQueries(tb testing.TB, path string) []string {
	tb.Helper()
	f, err := os.Open(path)
	require.NoError(tb, err)
	defer f.Close()
	var queries []string
	var b strings.Builder
	flush := func() {
		if q := strings.TrimSpace(b.String()); q != "" {
			queries = append(queries, q)
		}
		b.Reset()
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if lines.Text() == "---" {
			flush()
			continue
		}
		b.WriteString(lines.Text() + "\n")
	}
	require.NoError(tb, lines.Err())
	flush()
	return queries
}

// TestAgreesWithMicrosoft compares what is accepted, and the names and types of the result's columns.
// refused.kql holds what Microsoft's parser takes and we do not: the service refuses it later (it
// compares a string with a number, say), or it is not evaluated here.
func TestAgreesWithMicrosoft(t *testing.T) {
	db, asked := schemaDatabase()
	files := []struct {
		name         string
		theirs, ours bool // accept it
	}{
		{"valid.kql", true, true},
		{"types_valid.kql", true, true},
		{"wrong.kql", false, false},
		{"types_wrong.kql", false, false},
		{"refused.kql", true, false},
	}
	queries := map[string][]string{}
	var all []string
	for _, file := range files {
		queries[file.name] = readQueries(t, filepath.Join("testdata", file.name))
		all = append(all, queries[file.name]...)
	}
	results := oracle.Check(t, asked, all)
	for _, file := range files {
		t.Run(file.name, func(t *testing.T) {
			agreed := 0
			for i, query := range queries[file.name] {
				theirs := results[i]
				q, err := Compile(db, query, Options{Now: now})
				ok := assert.Equal(t, file.theirs, len(theirs.Errors) == 0, "%s\nMicrosoft says: %v", query, theirs.Errors) &&
					assert.Equal(t, file.ours, err == nil, "%s\nwe say: %v", query, err)
				if ok && file.ours {
					ok = assert.Equal(t, theirs.Columns, asOracleColumns(q.Columns()), query)
				}
				if ok {
					agreed++
				}
			}
			t.Logf("as expected in %d of %d queries", agreed, len(queries[file.name]))
		})
		results = results[len(queries[file.name]):]
	}
}

func asOracleColumns(columns []Column) []oracle.Column {
	all := []oracle.Column{}
	for _, c := range columns {
		all = append(all, oracle.Column{Name: c.Name, Type: c.Type.String()})
	}
	return all
}
