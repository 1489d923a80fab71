package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
)

// brokerCertificate is one for 127.0.0.1, and the file with its CA.
func brokerCertificate(t *testing.T) (config *tls.Config, caFile string) {
	t.Helper()
	server := httptest.NewTLSServer(nil) // it brings a certificate along
	defer server.Close()
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(caFile, text, 0o600))
	return &tls.Config{Certificates: server.TLS.Certificates, MinVersion: tls.VersionTLS12}, caFile
}

// secured are the options of a client with TLS and a password.
func secured(t *testing.T, caFile string, mechanism sasl.Mechanism) []kgo.Opt {
	t.Helper()
	text, err := os.ReadFile(caFile)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(text))
	return []kgo.Opt{kgo.DialTLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}), kgo.SASL(mechanism)}
}
