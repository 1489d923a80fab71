package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// startHidingProxy starts a proxy before an emulator that leaves the rows of a device out of each result. What the
// service counts stays as it is. It returns the proxy's URL and a file with the certificates of both.
func startHidingProxy(t *testing.T, sim *defendersim.Server, device string) (address, caFile string) {
	t.Helper()
	target, err := url.Parse(sim.URL())
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(sim.CAPEM()))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(response *http.Response) error { return hideRows(response, device) },
	}
	server := httptest.NewTLSServer(proxy)
	t.Cleanup(server.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(caFile, append(certificate, sim.CAPEM()...), 0o600))
	return server.URL, caFile
}

// hideRows takes the rows of a device out of an answer with rows.
func hideRows(response *http.Response, device string) error {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	_ = response.Body.Close() // it was read whole
	var answer map[string]json.RawMessage
	var rows []json.RawMessage
	if json.Unmarshal(body, &answer) == nil && json.Unmarshal(answer["results"], &rows) == nil {
		kept := []json.RawMessage{}
		for _, row := range rows {
			if !bytes.Contains(row, []byte(strconv.Quote(device))) {
				kept = append(kept, row)
			}
		}
		if answer["results"], err = json.Marshal(kept); err != nil {
			return err
		}
		if body, err = json.Marshal(answer); err != nil {
			return err
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}
