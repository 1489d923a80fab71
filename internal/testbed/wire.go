package testbed

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// wire carries calls out of synthetic time to the emulator and back. Its connections stay open, outside of synthetic
// time: within, an idle one would keep the time from passing, and a new one for each call takes most of a test.
type wire struct {
	mu    sync.Mutex // held while a call is under way
	calls chan *http.Request
	// answers and failures are what the calls end in.
	answers  chan *http.Response
	failures chan error
}

// newWire is called outside of synthetic time: its channels and its goroutine belong there.
func newWire(t *testing.T, sim *defendersim.Server) *wire {
	t.Helper()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(sim.CAPEM()))
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
		// Days of answers pass here. What is in front of the wire does not see whether they were compressed.
		DisableCompression: true,
	}
	w := &wire{calls: make(chan *http.Request), answers: make(chan *http.Response), failures: make(chan error)}
	go w.run(transport)
	t.Cleanup(func() {
		close(w.calls)
		transport.CloseIdleConnections()
	})
	return w
}

func (w *wire) run(transport http.RoundTripper) {
	for call := range w.calls {
		answer, err := whole(transport, call)
		if err != nil {
			w.failures <- err
			continue
		}
		w.answers <- answer
	}
}

// whole makes a call and reads its answer to the end.
func whole(transport http.RoundTripper, call *http.Request) (*http.Response, error) {
	answer, err := transport.RoundTrip(call)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// RoundTrip makes a call. No synthetic time passes.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	call := req.Clone(context.WithoutCancel(req.Context())) // what ends the request belongs to synthetic time
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		call.Body, call.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls <- call
	select {
	case answer := <-w.answers:
		answer.Request = req
		return answer, nil
	case err := <-w.failures:
		return nil, err
	}
}
