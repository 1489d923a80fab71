package defendersim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func TestTrustOutlivesARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	first := start(t, Options{StateDir: dir})
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(first.CAFile())
	require.NoError(t, err)
	assert.Equal(t, first.CAPEM(), pem)
	require.True(t, roots.AppendCertsFromPEM(pem))
	require.NoError(t, first.Close())

	second := start(t, Options{StateDir: dir})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get(second.URL() + "/health")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusOK, res.StatusCode)

	require.NoError(t, os.WriteFile(filepath.Join(dir, caKeyFile), []byte("x"), 0o600))
	_, err = Start(t.Context(), Options{StateDir: dir})
	assert.ErrorContains(t, err, "delete both files")
}

func TestCloseLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Start(ctx, Options{})
	require.NoError(t, err)
	require.FileExists(t, s.CAFile())
	cancel()
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	assert.NoFileExists(t, s.CAFile())
	_, err = Start(t.Context(), Options{Listen: "127.0.0.1:notaport"})
	assert.ErrorContains(t, err, "listen on 127.0.0.1:notaport")
}

// TestConcurrentUse is for the race detector: everything that may be called while it serves is.
func TestConcurrentUse(t *testing.T) {
	h := start(t, Options{Limits: &Limits{}})
	token := h.token(t, graphPath)
	var wg sync.WaitGroup
	for worker := range int64(4) {
		wg.Go(func() {
			for i := range int64(20) {
				assert.NoError(t, h.Plant("DeviceEvents", event(worker*100+i, time.Duration(i)*time.Minute)))
				h.SetFaults(Fault{Kind: FaultSlow, Rate: 0.5, Delay: time.Microsecond})
				assert.Equal(t, http.StatusOK, h.post(t, graphPath, `{"Query":"DeviceEvents | order by Timestamp asc"}`, token).StatusCode)
				_, err := h.Truth("DeviceEvents", noon.Add(-time.Hour), noon)
				assert.NoError(t, err)
				assert.NoError(t, h.SetWithoutTables("DeviceInfo"))
				h.SetRoles(RoleGraph)
				h.Report()
				h.clock.Advance(time.Millisecond)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, int64(80), h.Report().Table("DeviceEvents").Queries)
}

// A client may keep its connections open: only calls are waited for.
func TestCloseIsImmediateWithoutCalls(t *testing.T) {
	fastest := time.Hour // of several: one can be held up by what else the machine does
	for range 5 {
		h := start(t, Options{compile: rowsOf(2, twoColumns, twoValues)})
		a := h.query(t, graphPath, "T")
		require.Equal(t, 2, a.ProtoMajor)
		require.Len(t, a.rows(t), 2)
		began := time.Now()
		require.NoError(t, h.Close())
		if fastest = min(fastest, time.Since(began)); fastest < 500*time.Millisecond {
			return
		}
	}
	assert.Fail(t, "net/http holds an HTTP/2 connection for 1s", "%s", fastest)
}

// TestCallsUnderWayEndInPeace closes the emulator while a query runs.
func TestCallsUnderWayEndInPeace(t *testing.T) {
	running, closing := make(chan struct{}), make(chan struct{})
	slow := fakeQuery{columns: twoColumns, run: func(ctx context.Context, yield func([]value.Value) bool) (int64, error) {
		close(running)
		<-closing
		yield(twoValues)
		return 1, ctx.Err()
	}}
	h := start(t, Options{compile: fakeEngine(slow)})
	req := h.request(t, graphPath, `{"Query":"T"}`, h.token(t, graphPath))
	got := make(chan reply, 1)
	go func() { got <- h.do(t, req) }()
	<-running
	closed := make(chan error, 1)
	go func() { closed <- h.Close() }()
	// Shutdown closes the listener first.
	require.Eventually(t, func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", h.URL()[len("https://"):])
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 2*time.Second, time.Millisecond)
	close(closing)
	require.NoError(t, <-closed)
	assert.Len(t, (<-got).rows(t), 1)
}
