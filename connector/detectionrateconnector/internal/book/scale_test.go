package book

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/correlation"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
)

// The book at a size. EXECUTIONS=100000 measures that of a large tenant, with three alerts for each execution; the default is small.
// With -v it prints what README.md says of memory and time.
func TestScale(t *testing.T) {
	n := 200
	if text := os.Getenv("EXECUTIONS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	s := settings(correlation.Rule{Match: correlation.Technique, Window: time.Hour, Rollup: true})
	s.Lookback, s.MaxExecutions, s.MaxAlerts = 720*time.Hour, n, 3*n
	before := heap()
	began := time.Now()
	b := New(s)
	when := func() time.Time { return noon.Add(-time.Duration(random.Int64N(int64(720 * time.Hour)))) }
	technique := func() string { return fmt.Sprintf("T1%03d.%03d", random.IntN(120), random.IntN(4)) }
	for i := range n {
		test := fmt.Sprintf("0a1b2c3d-4e5f-6071-8293-%012d", i%500)
		b.PutExecution(noon, execution.Execution{
			ID: fmt.Sprintf("%s-%d", test, i), Test: test, Name: "A test of the library", Host: fmt.Sprintf("PC%03d", random.IntN(200)), Category: "intel-driven",
			Completed: when(), Outcome: execution.Unprotected, Techniques: []string{technique(), technique() + "x"},
		})
	}
	for i := range 3 * n {
		at := when().Format(time.RFC3339Nano)
		evidence := []any{map[string]any{"deviceDnsName": fmt.Sprintf("pc%03d.acme.local", random.IntN(200))}}
		for range 6 {
			evidence = append(evidence, map[string]any{"imageFile": map[string]any{
				"fileName": fmt.Sprintf("process%d.exe", random.IntN(2000)), "filePath": `C:\Windows`, "sha256": fmt.Sprintf("%064x", random.IntN(20000)),
			}})
		}
		b.PutAlert(noon, read(t, map[string]any{
			"id": fmt.Sprintf("da%032d_1", i), "createdDateTime": at, "lastUpdateDateTime": at, "mitreTechniques": []any{technique()}, "evidence": evidence,
		}))
	}
	read := time.Since(began)
	kept := heap() - before
	began = time.Now()
	f := b.Figures(noon)
	first := time.Since(began)
	began = time.Now()
	due := b.Due(noon)
	second := time.Since(began)
	entries, _, err := b.Changes()
	require.NoError(t, err)
	stored := 0
	for _, e := range entries {
		stored += len(e.Value)
	}
	assert.Len(t, due, n)
	assert.Len(t, entries, 4*n)
	assert.Equal(t, 2*n, f.Total.Executions)
	t.Logf("%d executions, %d alerts: %d MB before and %d MB with the index, %d MB stored; read in %s, compared in %s, again without a change in %s; %d techniques",
		n, 3*n, kept>>20, (heap()-before)>>20, stored>>20, read.Round(time.Millisecond), first.Round(time.Millisecond), second.Round(time.Millisecond), len(f.ByTechnique))
	runtime.KeepAlive(b)
	runtime.KeepAlive(entries)
}

// heap is what is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
