// Package defendersimtest starts emulators in tests.
package defendersimtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/defendersim"
)

// StartT starts an emulator that ends with the test.
func StartT(tb testing.TB, o defendersim.Options) *defendersim.Server {
	tb.Helper()
	s, err := defendersim.Start(context.WithoutCancel(tb.Context()), o)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// Client returns an HTTP client that trusts s; its connections end with the test.
func Client(tb testing.TB, s *defendersim.Server) *http.Client {
	tb.Helper()
	roots := x509.NewCertPool()
	require.True(tb, roots.AppendCertsFromPEM(s.CAPEM()))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
