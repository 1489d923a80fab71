package defendersim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func TestStatusFaults(t *testing.T) {
	h := start(t, Options{compile: rowsOf(1, twoColumns, twoValues)})
	h.clock.Set(noon.Add(10 * time.Minute))
	for kind, want := range map[FaultKind]struct {
		status     int
		retryAfter string
		contain    string
	}{
		FaultTooManyRequests: {429, "10", `"code":"TooManyRequests"`},
		FaultBareThrottle:    {429, "", `"code":"TooManyRequests"`},
		FaultCPU:             {429, "", "You can run queries again in 00:05:00."},
		FaultUnauthorized:    {401, "", "the token is expired"},
		FaultHTML413:         {413, "", "<html>"},
		FaultServerError:     {500, "", `"code":"UnknownError"`},
		FaultHTML502:         {502, "", "<html>"},
		FaultUnavailable:     {503, "", `"code":"UnknownError"`},
		FaultGatewayTimeout:  {504, "", `"message":""`},
		FaultResultSize:      {400, "", "allowed result size"},
		FaultPreempted:       {400, "", "preempted"},
		FaultTimeout:         {400, "", "timeout period"},
	} {
		f := Fault{Kind: kind}
		if kind == FaultBareThrottle {
			f.Delay = time.Minute // which it has no use for
		}
		h.FailNext(1, f)
		a := h.query(t, graphPath, "T")
		assert.Equal(t, want.status, a.StatusCode, kind)
		assert.Equal(t, want.retryAfter, a.Header.Get("Retry-After"), kind)
		assert.Contains(t, string(a.body), want.contain, kind)
		assert.Equal(t, int64(1), h.Report().Count(graphPath, "fault "+string(kind)))
		require.Len(t, h.query(t, graphPath, "T").rows(t), 1, kind)
	}
	h.FailNext(1, Fault{Kind: FaultToken503})
	require.Len(t, h.query(t, graphPath, "T").rows(t), 1, "a fault of the token endpoint waits for a token request")
	assert.Equal(t, 503, h.requestToken(t, h.TenantID, h.tokenForm()).StatusCode)
}

func TestWireFaults(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) { testWireFaults(t, http2) })
	}
}

func testWireFaults(t *testing.T, http2 bool) {
	t.Helper()
	columns := slices.Concat(twoColumns, []engine.Column{{Name: "ProcessCommandLine", Type: value.String}})
	values := slices.Concat(twoValues, []value.Value{value.NewString("cmd /c dir")})
	h := start(t, Options{compile: rowsOf(20_000, columns, values)})
	h.client.Transport.(*http.Transport).ForceAttemptHTTP2 = http2
	strike := func(f Fault) reply {
		h.FailNext(1, f)
		return h.query(t, graphPath, "T")
	}
	good := h.query(t, graphPath, "T")
	require.Equal(t, http2, good.ProtoMajor == 2)
	whole := len(good.body)
	read := h.Report()

	cut := strike(Fault{Kind: FaultTruncate})
	require.NoError(t, cut.err, "a truncated body looks complete to HTTP")
	assert.False(t, json.Valid(cut.body))
	assert.Contains(t, string(cut.body), `"results":[{`)
	assert.Less(t, len(cut.body), whole)

	broken := strike(Fault{Kind: FaultReset})
	require.Error(t, broken.err)
	assert.NotEmpty(t, broken.body, "the connection breaks within the body")
	require.Error(t, strike(Fault{Kind: FaultDrop}).err)

	bad := strike(Fault{Kind: FaultBadJSON})
	require.NoError(t, bad.err)
	assert.False(t, json.Valid(bad.body))
	assert.Equal(t, read.Tables, h.Report().Tables, "rows of a broken reply are not taken as read")

	poisoned := strike(Fault{Kind: FaultPoison})
	require.NoError(t, poisoned.err)
	assert.False(t, utf8.Valid(poisoned.body))
	assert.Equal(t, 1, strings.Count(string(poisoned.body), `\ud83d"`))

	for _, kind := range []FaultKind{FaultSlow, FaultStall} {
		begin := time.Now()
		assert.Len(t, strike(Fault{Kind: kind, Delay: 20 * time.Millisecond}).rows(t), 20_000)
		assert.GreaterOrEqual(t, time.Since(begin), 20*time.Millisecond)
	}
}

func TestFaultsByRateComeFromTheSeed(t *testing.T) {
	outcomes := func(seed uint64) string {
		h := start(t, Options{
			Seed: seed, Limits: &Limits{}, Faults: []Fault{{Kind: FaultServerError, Rate: 0.3}, {Kind: FaultUnavailable, Rate: 0.2}},
			compile: rowsOf(1, twoColumns, twoValues),
		})
		var b strings.Builder
		for range 60 {
			b.WriteString(http.StatusText(h.query(t, graphPath, "T").StatusCode) + ";")
		}
		return b.String()
	}
	first := outcomes(1)
	assert.Equal(t, first, outcomes(1))
	assert.NotEqual(t, first, outcomes(2))
	assert.InDelta(t, 18, strings.Count(first, "Internal"), 10)
	assert.InDelta(t, 9, strings.Count(first, "Unavailable"), 8)
}
