package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest/observer"

	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testScope  = "https://graph.example/.default"
	testTenant = "11111111-1111-1111-1111-111111111111"
	testClient = "22222222-2222-2222-2222-222222222222"
	testSecret = "s3cr3t~value"
)

// login plays Entra ID.
type login struct {
	*httptest.Server
	// answer is asked for each token request; nil answers with a token.
	answer func(w http.ResponseWriter, form url.Values, number int)
	// handler takes the place of all of it.
	handler http.HandlerFunc

	mu    sync.Mutex // guards everything below
	forms []url.Values
}

func newLogin(t *testing.T) *login {
	t.Helper()
	l := &login{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("tenant") != testTenant {
			refuse(w, http.StatusBadRequest, "invalid_tenant", 90002, "Tenant 'nowhere' not found.")
			return
		}
		base := l.URL + "/" + testTenant
		_ = json.NewEncoder(w).Encode(map[string]string{
			"authorization_endpoint": base + "/oauth2/v2.0/authorize",
			"token_endpoint":         base + "/oauth2/v2.0/token",
			"issuer":                 base + "/v2.0",
		})
	})
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", func(w http.ResponseWriter, r *http.Request) {
		if l.handler != nil {
			l.handler(w, r)
			return
		}
		_ = r.ParseForm()
		l.mu.Lock()
		l.forms = append(l.forms, r.PostForm)
		number := len(l.forms)
		l.mu.Unlock()
		if l.answer != nil {
			l.answer(w, r.PostForm, number)
			return
		}
		grant(w, number)
	})
	l.Server = httptest.NewTLSServer(mux)
	t.Cleanup(l.Close)
	return l
}

func (l *login) requests() []url.Values {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forms
}

func grant(w http.ResponseWriter, number int) {
	fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"token-%d"}`, number)
}

func refuse(w http.ResponseWriter, status int, name string, code int, text string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"error": name, "error_codes": []int{code}, "correlation_id": "c-1", "trace_id": "t-1",
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: t-1 Correlation ID: c-1 Timestamp: 2026-03-01 12:00:00Z", code, text),
	})
}

// source is a Source for l whose settings change may alter; the logs are what it wrote.
func (l *login) source(t *testing.T, change func(*Credentials)) (*Source, *observer.ObservedLogs) {
	t.Helper()
	c := Credentials{TenantID: testTenant, ClientID: testClient, ClientSecret: testSecret, Authority: l.URL}
	if change != nil {
		change(&c)
	}
	core, logs := observer.New(zap.DebugLevel)
	s, err := NewSource(c, l.Client(), testScope, zap.New(core))
	require.NoError(t, err)
	return s, logs
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// newCertificate writes a certificate and its key.
func newCertificate(t *testing.T, certFile, keyFile string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "collector"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	if keyFile == "" {
		write(t, certFile, cert+private)
		return
	}
	write(t, certFile, cert)
	write(t, keyFile, private)
}

// assertionHeader is the decoded header of a client assertion.
func assertionHeader(t *testing.T, assertion string) map[string]any {
	t.Helper()
	header, _, ok := strings.Cut(assertion, ".")
	require.True(t, ok)
	raw, err := base64.RawURLEncoding.DecodeString(header)
	require.NoError(t, err)
	var decoded map[string]any
	require.NoError(t, json.Unmarshal(raw, &decoded))
	return decoded
}

func inDir(t *testing.T) func(name string) string {
	t.Helper()
	dir := t.TempDir()
	return func(name string) string { return filepath.Join(dir, name) }
}
