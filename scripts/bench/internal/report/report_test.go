package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const lines = `goos: linux
BenchmarkDecode/table=DeviceLogonEvents/way=ours-2    	 10	 900 ns/op	 90 MB/s	 2.000 cpu-ns/row	 31 allocs/row
BenchmarkDecode/table=DeviceLogonEvents/way=ours-2    	 10	 900 ns/op	 90 MB/s	 4.000 cpu-ns/row	 31 allocs/row
BenchmarkDecode/table=DeviceLogonEvents/way=bound-2   	 10	 900 ns/op	 90 MB/s	 2.400 cpu-ns/row	 30 allocs/row
BenchmarkNormalize/table=DeviceEvents/way=ours        	 10	 900 ns/op	 8000 cpu-ns/record	 50 allocs/record
BenchmarkNormalize/table=DeviceEvents/way=build       	 10	 900 ns/op	 6000 cpu-ns/record	 41 allocs/record
BenchmarkIdle/receivers=1/tables=9/build=before       	 1	 80 rss-MiB
BenchmarkIdle/receivers=1/tables=9/build=now          	 1	 60 rss-MiB
Benchmark what is not a result
PASS
`

func parsed(t *testing.T) Set {
	t.Helper()
	results, err := Parse(strings.NewReader(lines))
	require.NoError(t, err)
	require.Len(t, results, 7)
	return results
}

func TestResultsAreReadAndWritten(t *testing.T) {
	first := parsed(t)[0]
	assert.Equal(t, "Decode/table=DeviceLogonEvents/way=ours", first.Name)
	again, ok := parseLine(first.String())
	require.True(t, ok)
	assert.Equal(t, first, again)
}

func TestMedians(t *testing.T) {
	s := parsed(t)
	assert.InDelta(t, 3, s.Median("Decode/table=DeviceLogonEvents/way=ours", "cpu-ns/row"), 1e-9)
	_, ok := s.median("Decode/table=DeviceLogonEvents/way=ours", "cpu-ns/op")
	assert.False(t, ok)
}

// A figure that is met, one that is missed, one with a build before; those that were not measured are left out.
func TestTargets(t *testing.T) {
	assert.Equal(t, `| figure | before | now | target |  |
|---|---|---|---|---|
| decode: hand-rolled bound ÷ ours | – | 0.800 | ≥ 0.850 | **missed** |
| normalize: beyond building the event, µs | – | 2.00 | ≤ 2.50 | met |
| normalize: beyond building the event, allocations | – | 9.00 | ≤ 8.00 | **missed** |
| idle, RSS MiB | 80.0 | 60.0 | ≤ 64.0 | met |
`, parsed(t).Targets())
}

func TestTables(t *testing.T) {
	text := parsed(t).Tables()
	assert.Contains(t, text, `| table | way | cpu-ns/row | ÷ ours | MB/s | allocs/row |
|---|---|---|---|---|---|
| DeviceLogonEvents | ours | 3.00 | 1.00 | 90.0 | 31.0 |
| DeviceLogonEvents | bound | 2.40 | 0.800 | 90.0 | 30.0 |
`)
	assert.Contains(t, text, "| 1 | 9 | – | – | – | 80.0 | 60.0 | 0.750 | – | – | – |")
	assert.NotContains(t, text, "### Checkpoint", "it was not measured")
}

func TestFigures(t *testing.T) {
	for want, n := range map[string]float64{"0": 0, "0.0331": 0.03312, "0.850": 0.85, "2.50": 2.5, "99.9": 99.94, "130": 129.6, "57,123": 57_123.4, "1,000,000": 1e6, "-1.50": -1.5} {
		assert.Equal(t, want, figure(n, true))
	}
	assert.Equal(t, "–", figure(1, false))
}

// The section is replaced, and nothing around it; without marks nothing is written.
func TestTheSectionOfADocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	require.NoError(t, os.WriteFile(path, []byte("# A\n\n"+begin+"old\n"+end+"\nB\n"), 0o600))
	for _, section := range []string{"one", "two\n"} {
		require.NoError(t, WriteInto(path, section))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "# A\n\n"+begin+"\ntwo\n\n"+end+"\nB\n", string(text))

	require.NoError(t, os.WriteFile(path, []byte("# A\n"), 0o600))
	require.ErrorContains(t, WriteInto(path, "one"), "no section")

	shipped, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "performance.md"))
	require.NoError(t, err)
	_, err = replaceSection(string(shipped), "one")
	assert.NoError(t, err)
}
