package tuid

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func writeMapping(tb testing.TB, path, content string, at time.Time) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(path, []byte(content), 0o600))
	require.NoError(tb, os.Chtimes(path, at, at))
}

func TestReadMapping(t *testing.T) {
	for name, c := range map[string]struct{ content, wantErr string }{
		"with header":           {"User,TUID\nJane@acme.com,t1\nACME\\bob,t2\n", ""},
		"without header":        {"jane@acme.com, t1 \nacme\\BOB,t2", ""},
		"byte order mark":       {"\ufeffuser,tuid\r\njane@acme.com,t1\r\nacme\\bob,t2\r\n", ""},
		"mark without header":   {"\ufeffjane@acme.com,t1\nacme\\bob,t2\n", ""},
		"quoted":                {"\"jane@acme.com\",\"t1\"\nacme\\bob,t2\n", ""},
		"the same line twice":   {"jane@acme.com,t1\nacme\\bob,t2\nJane@acme.com,t1\n", ""},
		"a line too short":      {"jane@acme.com,t1\nacme\\bob\n", "line 2"},
		"a line too long":       {"jane@acme.com,t1,x\n", "line 1"},
		"no tuid":               {"user,tuid\njane@acme.com,\n", "line 2: user and tuid"},
		"no user":               {"user,tuid\n,t1\n", "line 2: user and tuid"},
		"one user, two tuids":   {"jane@acme.com,t1\n\nJANE@acme.com,t2\n", "line 3: the user has another tuid"},
		"a quote out of place":  {"jane@acme.com,t\"1\n", "line 1"},
		"another kind of table": {"user;tuid\njane@acme.com;t1\n", "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			users, err := readMapping(strings.NewReader(c.content))
			if c.wantErr != "" {
				require.ErrorContains(t, err, c.wantErr)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"jane@acme.com": "t1", `acme\bob`: "t2"}, users)
		})
	}
}

func TestMappingIsReadAgainWhenItChanges(t *testing.T) {
	now := time.Date(2026, 3, 15, 9, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "tuids.csv")
	writeMapping(t, path, "jane@acme.com,t1\n", now)
	core, logs := observer.New(zapcore.InfoLevel)
	ids := New(Settings{MappingFile: path, Unmapped: Drop}, zap.New(core), func() time.Time { return now })
	require.NoError(t, ids.Start())
	step := func(wait time.Duration) string {
		now = now.Add(wait)
		ids.Refresh()
		tuid, _ := ids.Of("", []string{"", "JANE@acme.com"})
		return tuid
	}
	assert.Equal(t, "t1", step(0))

	writeMapping(t, path, "jane@acme.com,t2\n", now.Add(time.Minute))
	assert.Equal(t, "t1", step(mappingCheckInterval-1), "looked at no more often than that")
	assert.Equal(t, "t2", step(1))

	writeMapping(t, path, "jane@acme.com,t3\nbob@acme.com\n", now.Add(2*time.Minute))
	assert.Equal(t, "t2", step(time.Minute), "a bad file does not replace a good one")
	bad := logs.FilterLevelExact(zapcore.ErrorLevel).All()
	require.Len(t, bad, 1)
	require.ErrorContains(t, bad[0].Context[0].Interface.(error), "line 2")
	assert.Equal(t, "t2", step(time.Minute))
	assert.Equal(t, 1, logs.FilterLevelExact(zapcore.ErrorLevel).Len(), "said once, not at every look")

	require.NoError(t, os.Remove(path))
	assert.Equal(t, "t2", step(time.Minute))
	assert.Equal(t, "t2", step(time.Minute))
	assert.Equal(t, 2, logs.FilterLevelExact(zapcore.ErrorLevel).Len(), "gone, said once")

	writeMapping(t, path, "jane@acme.com,t4\n", now.Add(3*time.Minute))
	assert.Equal(t, "t4", step(time.Minute))
}

func TestBadMappingStopsTheStart(t *testing.T) {
	settings := Settings{MappingFile: filepath.Join(t.TempDir(), "missing.csv")}
	require.ErrorContains(t, New(settings, zap.NewNop(), time.Now).Start(), "'tuid::mapping_file'")
}

func TestDerivedTUIDs(t *testing.T) {
	of := func(domain, key string) string {
		tuid, ok := New(Settings{DomainID: domain, Unmapped: Derive}, zap.NewNop(), time.Now).Of(key, nil)
		require.True(t, ok)
		return tuid
	}
	assert.Equal(t, "tuid-a8b5cbdf-4e4e-5355-a74d-0e96f3c58512", of("customer-domain-001", "jane@acme.com"), "must never change: customers store it")
	assert.NotEqual(t, of("customer-domain-001", "jane@acme.com"), of("another", "jane@acme.com"))
	assert.NotEqual(t, of("a", "bc"), of("ab", "c"))
}

func TestLargeMappingFitsInMemory(t *testing.T) {
	const users, bytesPerUser = 250_000, 200 // a million users: 200 MB at most
	var content strings.Builder
	for i := range users {
		fmt.Fprintf(&content, "user.number%d@customer.example.com,tuid-%08d\n", i, i)
	}
	csv := content.String()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	mapping, err := readMapping(strings.NewReader(csv))
	require.NoError(t, err)
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Len(t, mapping, users)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(users*bytesPerUser))
	runtime.KeepAlive(csv)
	runtime.KeepAlive(content)
}
