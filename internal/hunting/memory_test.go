package hunting

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// onHeap is what is in use after two collections: pools are emptied by the second.
func onHeap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// endless is a body of more and more rows, which is nowhere whole.
type endless struct{ row, rest string }

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		e.rest = "," + e.row
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// heapOfAPage is the most that is held beside one row while a page is read, looked at so many times.
func heapOfAPage(t *testing.T, row string, rows, looks int) int64 {
	t.Helper()
	resp := answer(http.StatusOK, nil, "")
	resp.Body = io.NopCloser(&endless{row: row, rest: `{"results":[` + row})
	read, err := newTestClient(t, Graph, func(*http.Request) (*http.Response, error) { return resp, nil }).Query(t.Context(), "T", nil)
	require.NoError(t, err)
	defer read.Close()
	dst, before, most := pcommon.NewMap(), onHeap(), int64(0)
	for n := range rows {
		ok, err := read.Next(dst)
		require.NoError(t, err)
		require.True(t, ok)
		if n%(rows/looks) == 0 {
			most = max(most, onHeap()-before)
		}
	}
	return most
}

// A page is as large as the service gives; what is held of it is a row, and what was read ahead.
func TestHeapOfAPage(t *testing.T) {
	row := `{"ActionType":"ProcessCreated","ProcessCommandLine":"` + strings.Repeat(`C:\\Windows `, 80) + `","ReportId":18984951960}`
	const rows = 4_000 // 4 MB
	most := heapOfAPage(t, row, rows, 4)
	t.Logf("%d bytes of %d", most, rows*len(row))
	assert.Less(t, most, int64(256<<10))
}

// A row that is larger than the window is held as it came, as its text, and as the map's.
func TestHeapOfALargeRow(t *testing.T) {
	row := `{"AdditionalFields":"` + strings.Repeat("x", 1<<20) + `"}`
	most := heapOfAPage(t, row, 4, 4)
	t.Logf("%.1f times a row of %d bytes", float64(most)/float64(len(row)), len(row))
	assert.Less(t, most, int64(5*len(row)))
}
