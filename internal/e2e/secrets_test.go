package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

// A token of Entra ID, an assertion or a federated token: three parts of base64, the first of which is a JSON object.
var tokenShape = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)

// passingFaults are those after which a receiver goes on within seconds.
var passingFaults = []defendersim.FaultKind{
	defendersim.FaultUnauthorized, defendersim.FaultChallenge, defendersim.FaultHTML413, defendersim.FaultServerError,
	defendersim.FaultHTML502, defendersim.FaultUnavailable, defendersim.FaultGatewayTimeout, defendersim.FaultResultSize,
	defendersim.FaultPreempted, defendersim.FaultTimeout, defendersim.FaultTruncate, defendersim.FaultReset, defendersim.FaultDrop,
	defendersim.FaultSlow, defendersim.FaultStall, defendersim.FaultBadJSON, defendersim.FaultPoison, defendersim.FaultTooManyRequests,
}

// secrets are those of a run, by what they are.
type secrets map[string]string

// newSecrets makes one of each kind, and writes those that stand in files.
func newSecrets(s *stage) secrets {
	s.t.Helper()
	part := base64.RawURLEncoding.EncodeToString
	all := secrets{
		"client secret": s.sim.ClientSecret, "wrong secret": rand.Text(), "password of the page": rand.Text(),
		"password of the PFX file": rand.Text(), "token of the exporter": rand.Text(),
		"federated token": part([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + part([]byte(`{"sub":"`+rand.Text()+`"}`)) + "." + part([]byte(rand.Text())),
	}
	write := func(name string, content []byte) {
		require.NoError(s.t, os.WriteFile(filepath.Join(s.directory, name), content, 0o600))
	}
	write("secret", []byte(all["client secret"]))
	write("federated", []byte(all["federated token"]))
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(s.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "unknown"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(s.t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(s.t, err)
	pfx, err := pkcs12.Modern.Encode(key, certificate, nil, all["password of the PFX file"])
	require.NoError(s.t, err)
	write("app.pfx", pfx)
	all["private key"] = base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(key))[100:140]
	return all
}

// absentFrom asserts that a text shows none of them, and no token.
func (all secrets) absentFrom(t *testing.T, what, text string) {
	t.Helper()
	for name, secret := range all {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows the %s", what, name)
		}
	}
	assert.Falsef(t, tokenShape.MatchString(text), "%s shows a token", what)
}

// All that a collector prints, serves and stores at debug level, while each fault strikes, shows no secret and no token.
func TestNothingShowsASecret(t *testing.T) {
	clock := defendersim.NewClock(epoch)
	s := newStage(t, defendersim.Options{Now: clock.Now, Tenant: company(30*time.Minute, 50_000)})
	all := newSecrets(s)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "this token is not valid", http.StatusUnauthorized)
	}))
	defer refusing.Close()
	control, health, metrics := ports.Free(t), ports.Free(t), ports.Free(t)
	r := run{
		configs: []string{"collector.yaml", "observed.yaml", "secrets.yaml"},
		variables: []string{
			"E2E_CONTROL_PORT=" + control, "E2E_HEALTH_PORT=" + health, "E2E_METRICS_PORT=" + metrics, "E2E_REFUSING=" + refusing.URL,
			"E2E_WRONG_SECRET=" + all["wrong secret"], "E2E_PASSWORD=" + all["password of the page"], "E2E_BEARER=" + all["token of the exporter"],
			"E2E_PFX_PASSWORD=" + all["password of the PFX file"],
		},
	}
	c := s.start(r)
	s.returned(100)
	struck := func(kind defendersim.FaultKind) int64 {
		outcome := "fault " + string(kind)
		if kind == defendersim.FaultChallenge {
			outcome = "401 claims challenge"
		}
		return s.sim.Report().Count("", outcome)
	}
	strike := func(kind defendersim.FaultKind) {
		t.Helper()
		before := struck(kind)
		s.sim.FailNext(1, defendersim.Fault{Kind: kind, Delay: 100 * time.Millisecond})
		clock.Advance(10 * time.Second)
		s.eventually(func() bool { return struck(kind) > before }, "%s should strike", kind)
	}
	for _, kind := range passingFaults {
		strike(kind)
	}
	s.sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultToken503, Rate: 1})
	s.sim.RevokeTokens()
	s.eventually(func() bool { return struck(defendersim.FaultToken503) > 0 }, "tokens should be refused")
	s.sim.SetFaults()

	ask := func(method, path string) string {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:"+control+path, http.NoBody)
		require.NoError(t, err)
		request.SetBasicAuth("operator", all["password of the page"])
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assert.Lessf(t, response.StatusCode, 400, "%s %s: %s", method, path, body)
		return fmt.Sprint(response.Header) + string(body)
	}
	for _, id := range []string{"defender", "defender%2Ffile", "defender%2Fwrong", "defender%2Fcertificate", "defender%2Ffederated"} {
		base := "/api/v1/receivers/" + id
		all.absentFrom(t, "the test of "+id, ask(http.MethodPost, base+"/test"))
		all.absentFrom(t, "a pause of "+id, ask(http.MethodPost, base+"/tables/DeviceEvents/pause"))
		all.absentFrom(t, "the report of "+id, ask(http.MethodGet, base+"/report?day=2026-03-16"))
	}
	strike(defendersim.FaultBareThrottle)
	all.absentFrom(t, "the status", ask(http.MethodGet, "/api/v1/status"))
	all.absentFrom(t, "the page", ask(http.MethodGet, "/"))
	for what, url := range map[string]string{"the health check": health + "/status?verbose", "the metrics": metrics + "/metrics"} {
		response, err := get(t, "http://127.0.0.1:"+url)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		all.absentFrom(t, what, string(body))
	}
	c.stop()
	assert.Contains(t, c.log(), "AADSTS", "credentials were refused")
	all.absentFrom(t, "the log", c.log())

	validate := exec.Command(program(t), "validate", "--config", "testdata/collector.yaml", "--config", "testdata/observed.yaml",
		"--config", "testdata/secrets.yaml", "--config", "yaml:receivers: {defender/wrong: {poll_interval: 5, credentials: {client_id: x}}}")
	validate.Env = s.environment(r.variables...)
	said, err := validate.CombinedOutput()
	require.Error(t, err)
	all.absentFrom(t, "validate", string(said))

	for _, directory := range []string{"cursors", "dead-letters"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(s.directory, directory), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			all.absentFrom(t, path, string(text))
			return err
		}))
	}
}
