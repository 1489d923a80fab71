package defenderstoragereceiver

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
)

// azuriteVariable names the program azurite-blob. With it the tests below run against Microsoft's emulator, too.
const azuriteVariable = "AZURITE"

// outside is an account that is reached over the network: ours, or Azurite.
type outside struct {
	tb     testing.TB
	url    string
	client *http.Client
	token  string

	mu      sync.Mutex // guards what follows
	methods map[string]int
}

// accounts runs a test on each account that there is.
func accounts(t *testing.T, run func(t *testing.T, o *outside)) {
	t.Helper()
	t.Run("emulator", func(t *testing.T) {
		server := httptest.NewTLSServer(blobs.New(blobs.Config{}))
		t.Cleanup(server.Close)
		run(t, &outside{tb: t, url: server.URL + "/devstoreaccount1", client: server.Client(), token: "x", methods: map[string]int{}})
	})
	if program := os.Getenv(azuriteVariable); program != "" {
		t.Run("Azurite", func(t *testing.T) { run(t, startAzurite(t, program)) })
	}
}

// startAzurite starts Microsoft's emulator with OAuth, which needs TLS. It looks at a token's claims alone.
func startAzurite(t *testing.T, program string) *outside {
	t.Helper()
	folder := t.TempDir()
	roots := writeCertificate(t, folder)
	port := ports.Free(t)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "--blobHost", "127.0.0.1", "--blobPort", port, "-l", filepath.Join(folder, "data"),
		"--silent", "--disableTelemetry", "--oauth", "basic", "--cert", filepath.Join(folder, "cert.pem"), "--key", filepath.Join(folder, "key.pem"))
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "https://sts.windows.net/" + tenantA + "/", "aud": "https://storage.azure.com",
		"iat": now.Add(-time.Minute).Unix(), "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
	}).SignedString([]byte("nobody checks this"))
	require.NoError(t, err)
	o := &outside{tb: t, url: "https://127.0.0.1:" + port + "/devstoreaccount1", client: &http.Client{Transport: transport}, token: token, methods: map[string]int{}}
	require.Eventually(t, func() bool {
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
		return err == nil && connection.Close() == nil
	}, time.Minute, 100*time.Millisecond)
	return o
}

func writeCertificate(t *testing.T, folder string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(filepath.Join(folder, "cert.pem"), cert, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(cert))
	return roots
}

// write sends what changes the account, and returns the status.
func (o *outside) write(method, path string, header map[string]string, body []byte) int {
	o.tb.Helper()
	req, err := http.NewRequestWithContext(o.tb.Context(), method, o.url+path, bytes.NewReader(body))
	require.NoError(o.tb, err)
	req.Header.Set("x-ms-version", "2023-11-03")
	req.Header.Set("Authorization", "Bearer "+o.token)
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := o.client.Do(req)
	require.NoError(o.tb, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	require.NoError(o.tb, resp.Body.Close())
	return resp.StatusCode
}

func (o *outside) create(container string) {
	o.tb.Helper()
	require.Equal(o.tb, http.StatusCreated, o.write(http.MethodPut, "/"+container+"?restype=container", nil, nil))
}

func (o *outside) put(container, blob string) {
	o.tb.Helper()
	require.Equal(o.tb, http.StatusCreated, o.write(http.MethodPut, "/"+container+"/"+blob, map[string]string{"x-ms-blob-type": "AppendBlob"}, nil))
}

func (o *outside) append(container, blob, text string) {
	o.tb.Helper()
	require.Equal(o.tb, http.StatusCreated, o.write(http.MethodPut, "/"+container+"/"+blob+"?comp=appendblock", nil, []byte(text)))
}

func (o *outside) remove(container, blob string) {
	o.tb.Helper()
	require.Equal(o.tb, http.StatusAccepted, o.write(http.MethodDelete, "/"+container+"/"+blob, nil, nil))
}

// reading is an extension that says who reads, and counts the methods.
type reading struct {
	component.StartFunc
	component.ShutdownFunc
	account *outside
}

func (r reading) RoundTripper(http.RoundTripper) (http.RoundTripper, error) { return r, nil }

func (r reading) RoundTrip(req *http.Request) (*http.Response, error) {
	r.account.mu.Lock()
	r.account.methods[req.Method]++
	r.account.mu.Unlock()
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+r.account.token)
	return r.account.client.Transport.RoundTrip(req)
}

// reader is the receiver's client of the account.
func (o *outside) reader() *account.Client {
	o.tb.Helper()
	target, err := url.Parse(o.url)
	require.NoError(o.tb, err)
	return account.New(account.Config{
		URL: target, Client: &http.Client{Transport: reading{account: o}}, Answered: func(account.Operation, int) {}, Now: time.Now,
	})
}

// What the receiver relies on of an account.
func TestAccountsBehaveAlike(t *testing.T) {
	accounts(t, func(t *testing.T, o *outside) {
		t.Helper()
		c, ctx := o.reader(), t.Context()
		const container, name = "insights-logs-advancedhunting-deviceevents", "tenantId=x/y=2026/m=11/d=21/h=10/m=00/PT1H.json"
		_, _, _, err := c.Blobs(ctx, container, "", "")
		assertCode(t, err, "ContainerNotFound")
		_, err = c.Read(ctx, container, name, 0, 10, "")
		assertCode(t, err, "ContainerNotFound")
		o.create(container)
		o.create("other")
		assert.Equal(t, http.StatusConflict, o.write(http.MethodPut, "/other?restype=container", nil, nil))
		names, next, err := c.Containers(ctx, "insights-", "")
		require.NoError(t, err)
		assert.Equal(t, []string{container}, names)
		assert.Empty(t, next)
		_, err = c.Read(ctx, container, name, 0, 10, "")
		assertCode(t, err, "BlobNotFound")

		o.put(container, name)
		empty, err := c.Read(ctx, container, name, 0, 10, "")
		require.NoError(t, err)
		assert.Empty(t, empty.Body)
		assert.Zero(t, empty.Blob.Size)

		o.append(container, name, "0123456789")
		part, err := c.Read(ctx, container, name, 2, 3, "")
		require.NoError(t, err)
		assert.Equal(t, "234", string(part.Body))
		assert.EqualValues(t, 10, part.Blob.Size)
		assert.NotEmpty(t, part.Blob.Created)
		assert.NotEmpty(t, part.Blob.ETag)
		assert.False(t, part.Blob.Modified.IsZero())
		same, err := c.Read(ctx, container, name, 10, 5, part.Blob.ETag)
		require.NoError(t, err)
		assert.True(t, same.Unchanged)
		end, err := c.Read(ctx, container, name, 10, 5, "")
		require.NoError(t, err)
		assert.Empty(t, end.Body)
		assert.EqualValues(t, 10, end.Blob.Size)
		beyond, err := c.Read(ctx, container, name, 30, 5, "")
		require.NoError(t, err)
		assert.Empty(t, beyond.Body)
		assert.EqualValues(t, 10, beyond.Blob.Size)

		o.append(container, name, "abc")
		grown, err := c.Read(ctx, container, name, 10, 50, part.Blob.ETag)
		require.NoError(t, err)
		assert.Equal(t, "abc", string(grown.Body))
		assert.Equal(t, part.Blob.Created, grown.Blob.Created)
		assert.NotEqual(t, part.Blob.ETag, grown.Blob.ETag)

		listed, skipped, _, err := c.Blobs(ctx, container, "", "")
		require.NoError(t, err)
		require.Len(t, listed, 1)
		assert.Zero(t, skipped)
		assert.Equal(t, name, listed[0].Name)
		assert.EqualValues(t, 13, listed[0].Size)
		assert.Equal(t, grown.Blob.Created, listed[0].Created, "a list and an answer say the same of a blob")
		assert.Equal(t, grown.Blob.ETag, listed[0].ETag)
		assert.True(t, grown.Blob.Modified.Equal(listed[0].Modified))
		none, _, _, err := c.Blobs(ctx, container, "resourceId=", "")
		require.NoError(t, err)
		assert.Empty(t, none)

		time.Sleep(1100 * time.Millisecond) // creations have seconds
		o.remove(container, name)
		_, err = c.Read(ctx, container, name, 0, 10, "")
		assertCode(t, err, "BlobNotFound")
		o.put(container, name)
		o.append(container, name, "xyz")
		again, err := c.Read(ctx, container, name, 0, 50, grown.Blob.ETag)
		require.NoError(t, err)
		assert.Equal(t, "xyz", string(again.Body))
		assert.NotEqual(t, grown.Blob.Created, again.Blob.Created)
		assert.Len(t, o.methods, 1, "GET alone: %v", o.methods)
	})
}

func assertCode(t *testing.T, err error, code string) {
	t.Helper()
	refused := (*account.Error)(nil)
	if assert.ErrorAs(t, err, &refused) {
		assert.Equal(t, code, refused.Code)
	}
}

// Writer and reader at once: blocks that end anywhere, several tenants, hours that are closed and grow, blobs that are made
// again, containers that come later.
func TestWriterAndReaderAtOnce(t *testing.T) {
	const tablesMost, rounds = 5, 8
	accounts(t, func(t *testing.T, o *outside) {
		t.Helper()
		s := newStage(t, blobs.Config{})
		w := &writer{outside: o, made: map[string]bool{}, torn: map[string]string{}}
		start := func() func() {
			return s.startAt(o, func(c *Config) {
				c.ListInterval, c.TailInterval, c.MaxReadBytes = time.Second, 100*time.Millisecond, 16<<10
			})
		}
		stop := start()
		for round := range rounds {
			w.round(min(2+round, tablesMost))
			if round == rounds/2 {
				stop()
				w.round(tablesMost)
				stop = start()
			}
			if round == rounds/3 {
				require.Eventually(t, func() bool { return len(numbers(s.sink.Records())) >= w.whole() }, time.Minute, 20*time.Millisecond)
				time.Sleep(1100 * time.Millisecond) // creations have seconds
				w.makeAgain()
			}
		}
		w.finish()
		require.Eventually(t, func() bool { return len(numbers(s.sink.Records())) >= w.written }, time.Minute, 20*time.Millisecond)
		stop()
		s.exactly(w.written)
		assert.Len(t, o.methods, 1, "GET alone: %v", o.methods)
	})
}

// startAt starts a receiver of an account that is reached over the network.
func (s *stage) startAt(o *outside, change func(*Config)) (stop func()) {
	s.wire = reading{account: o}
	return s.start(func(c *Config) {
		c.AccountURL = o.url
		c.RetryOnFailure.InitialInterval = 50 * time.Millisecond
		change(c)
	})
}

// writer writes as the export does.
type writer struct {
	*outside
	made    map[string]bool
	torn    map[string]string // what is still to be written of a line, by blob
	written int
}

// round writes some rows to some tables of three tenants.
func (w *writer) round(tables int) {
	for i := range tables {
		for j, tenant := range []string{tenantA, tenantB, "33333333-2222-4333-8444-555555555555"} {
			hour := epoch.Add(-time.Duration((w.written+i+j)%3) * time.Hour)
			w.rows(fmt.Sprintf("insights-logs-advancedhunting-table%d", i), tenant, hour, 1+(w.written+i)%9)
		}
	}
}

func (w *writer) rows(container, tenant string, hour time.Time, n int) {
	blob := blobOf(tenant, hour)
	w.ensure(container, blob)
	key := container + "/" + blob
	var more strings.Builder
	for range n {
		more.WriteString(line(tenant, "DeviceEvents", w.written))
		w.written++
	}
	text := w.torn[key] + more.String()
	cut := len(text)
	if w.written%3 > 0 {
		cut -= w.written % 200
	}
	w.append(container, blob, text[:cut])
	w.torn[key] = text[cut:]
}

func (w *writer) ensure(container, blob string) {
	if !w.made[container] {
		w.made[container] = true
		w.create(container)
	}
	if key := container + "/" + blob; !w.made[key] {
		w.made[key] = true
		w.put(container, blob)
	}
}

// whole is how many rows were written to their end.
func (w *writer) whole() int {
	torn := 0
	for _, rest := range w.torn {
		if rest != "" {
			torn++
		}
	}
	return w.written - torn
}

// makeAgain deletes the blobs of an hour and writes others in their place: smaller ones and larger ones.
func (w *writer) makeAgain() {
	n := 0
	for key := range w.made {
		for _, tenant := range []string{tenantA, tenantB} {
			blob := blobOf(tenant, epoch)
			container, found := strings.CutSuffix(key, "/"+blob)
			if !found || w.torn[key] != "" {
				continue
			}
			w.remove(container, blob)
			w.put(container, blob)
			n++
			w.rows(container, tenant, epoch, 1+n%2*40)
		}
	}
}

// finish writes what is left of torn lines.
func (w *writer) finish() {
	for key, rest := range w.torn {
		if container, blob, _ := strings.Cut(key, "/"); rest != "" {
			w.append(container, blob, rest)
		}
	}
	clear(w.torn)
}
