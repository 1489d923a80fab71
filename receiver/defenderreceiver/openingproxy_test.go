package defenderreceiver

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// openingProxy is a proxy as companies have them: it ends each TLS connection with a certificate of its own CA in the
// name of the host that was asked for, and here passes what comes on to the emulator.
type openingProxy struct {
	url, caFile string
	ca          signer
	key         *rsa.PrivateKey // of all hosts
	upstream    *http.Transport
	target      string // host:port of the emulator

	serving sync.WaitGroup // the connections

	mu    sync.Mutex // guards everything below
	asked map[string]int
	open  []net.Conn
}

func newOpeningProxy(t *testing.T, sim *defendersim.Server) *openingProxy {
	t.Helper()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(sim.CAPEM()))
	p := &openingProxy{
		target: sim.URL()[len("https://"):], asked: map[string]int{},
		upstream: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true},
	}
	p.ca = newAuthority(t)
	var err error
	p.key, err = rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p.caFile = filepath.Join(t.TempDir(), "proxy-ca.pem")
	require.NoError(t, os.WriteFile(p.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.ca.certificate.Raw}), 0o600))
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		server.Close()
		p.hangUp()
	})
	p.url = server.URL
	return p
}

func newAuthority(t *testing.T) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "proxy"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return signer{certificate, key}
}

// hangUp ends all connections, which the server has given away, and waits for the end.
func (p *openingProxy) hangUp() {
	p.mu.Lock()
	for _, conn := range p.open {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
}

// hosts are those that were asked for, and how often.
func (p *openingProxy) hosts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.asked)
}

func (p *openingProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	p.serving.Add(1)
	defer p.serving.Done()
	host, _, _ := net.SplitHostPort(r.Host)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	p.mu.Lock()
	p.open = append(p.open, conn)
	p.mu.Unlock()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	opened := tls.Server(conn, &tls.Config{GetCertificate: p.certificateFor(host), MinVersion: tls.VersionTLS12})
	p.pass(host, opened)
}

func (p *openingProxy) certificateFor(host string) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		}
		der, err := x509.CreateCertificate(rand.Reader, template, p.ca.certificate, &p.key.PublicKey, p.ca.key)
		return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: p.key}, err
	}
}

// pass answers the requests of one connection.
func (p *openingProxy) pass(host string, conn *tls.Conn) {
	for in := bufio.NewReader(conn); ; {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.asked[host]++
		p.mu.Unlock()
		req.RequestURI, req.URL.Scheme, req.URL.Host = "", "https", p.target
		resp, err := p.upstream.RoundTrip(req)
		if err != nil {
			return
		}
		err = resp.Write(conn)
		_ = resp.Body.Close()
		if err != nil {
			return
		}
	}
}
