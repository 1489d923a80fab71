package defenderreceiver

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// signer is a certificate with its key, as an operator has made it.
type signer struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

func newSigner(t *testing.T, ends time.Time) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: rand.Text()},
		NotBefore: ends.Add(-365 * 24 * time.Hour), NotAfter: ends,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return signer{certificate, key}
}

func (s signer) pem(t *testing.T) (certificate, key []byte) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

const pfxPassword = "pfx-p4ssword"

func (s signer) pfx(t *testing.T) []byte {
	t.Helper()
	file, err := pkcs12.Modern.Encode(s.key, s.certificate, nil, pfxPassword)
	require.NoError(t, err)
	return file
}

const (
	federatedIssuer  = "https://cluster.example"
	federatedSubject = "system:serviceaccount:siem:collector"
	exchange         = "api://AzureADTokenExchange"
)

// token is one that a cluster gives to the collector's pod.
func (s signer) token(t *testing.T) []byte {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: federatedIssuer, Subject: federatedSubject, Audience: jwt.ClaimStrings{exchange}, ID: rand.Text(),
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(365 * 24 * time.Hour)),
	}).SignedString(s.key)
	require.NoError(t, err)
	return []byte(text)
}

func federation(key crypto.PublicKey) defendersim.Federation {
	return defendersim.Federation{Issuer: federatedIssuer, Subject: federatedSubject, Audience: exchange, Key: key}
}

// way is one of the five to prove who asks. present puts credentials of a generation where the configuration names them;
// accept and revoke are what is done in the app registration. They are nil where there is nothing to rotate.
type way struct {
	configure               func(*credentials.Config)
	present, accept, revoke func(generation int)
}

// waysIn are all of them, with files in a folder.
func waysIn(t *testing.T, sim *defendersim.Server, ends time.Time) map[string]way {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	signers := []signer{newSigner(t, ends), newSigner(t, ends.Add(time.Hour))}
	secrets := []string{"first~secret", "second~secret"}
	acceptCertificate := func(g int) { sim.AddCertificate(signers[g].certificate) }
	revokeCertificate := func(g int) { sim.RevokeCertificate(signers[g].certificate) }
	return map[string]way{
		"secret": {
			configure: func(c *credentials.Config) { c.ClientSecret = configopaque.String(secrets[0]) },
			accept:    func(g int) { sim.AddClientSecret(secrets[g]) },
		},
		"secret file": {
			configure: func(c *credentials.Config) { c.ClientSecretFile = at("secret") },
			present:   func(g int) { write("secret", []byte(secrets[g])) },
			accept:    func(g int) { sim.AddClientSecret(secrets[g]) },
			revoke:    func(g int) { sim.RevokeClientSecret(secrets[g]) },
		},
		"certificate in PEM": {
			configure: func(c *credentials.Config) {
				c.ClientCertificate.CertFile, c.ClientCertificate.KeyFile = at("app.crt"), at("app.key")
			},
			present: func(g int) {
				certificate, key := signers[g].pem(t)
				write("app.crt", certificate)
				write("app.key", key)
			},
			accept: acceptCertificate, revoke: revokeCertificate,
		},
		"certificate in PFX": {
			configure: func(c *credentials.Config) {
				c.ClientCertificate.PFXFile, c.ClientCertificate.Password = at("app.pfx"), pfxPassword
			},
			present: func(g int) { write("app.pfx", signers[g].pfx(t)) },
			accept:  acceptCertificate, revoke: revokeCertificate,
		},
		"federated token": {
			configure: func(c *credentials.Config) { c.FederatedTokenFile = at("token") },
			present:   func(g int) { write("token", signers[g].token(t)) },
			accept:    func(g int) { sim.Federate(federation(signers[g].key.Public())) },
			revoke:    func(g int) { sim.Unfederate(federation(signers[g].key.Public())) },
		},
		"managed identity": {
			configure: func(c *credentials.Config) {
				c.ManagedIdentity = configoptional.Some(credentials.ManagedIdentityConfig{})
			},
			accept: func(int) {
				t.Setenv("IDENTITY_ENDPOINT", sim.IdentityURL())
				t.Setenv("IDENTITY_HEADER", defendersim.IdentityHeader)
			},
		},
	}
}

// configure is a stage's configuration with one way to prove who asks.
func (w way) config(s *stage, names ...string) *Config {
	cfg := s.config(names...)
	cfg.Credentials.ClientSecret = ""
	w.configure(&cfg.Credentials)
	return cfg
}

// All ways get rows. Where the credentials are replaced and the old ones revoked, rows go on without a restart.
func TestEveryWayOfProvingWhoAsks(t *testing.T) {
	for name := range waysIn(t, nil, time.Now()) {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{IdentityListen: "127.0.0.1:0", ClientSecret: "unused", ClientID: uuid.NewString()})
			w := waysIn(t, s.Sim, time.Now().Add(time.Hour))[name]
			w.accept(0)
			if w.present != nil {
				w.present(0)
			}
			s.Plant(0, 5, s.Clock.Now().Add(-time.Minute))
			cfg := w.config(s, logons)
			cfg.Credentials.ClientID = s.Sim.ClientID
			s.start(cfg)
			s.delivered(5)
			if w.revoke == nil {
				return
			}
			w.revoke(0)
			w.accept(1)
			w.present(1)
			s.Sim.RevokeTokens() // so that the old token does not help
			s.Clock.Advance(time.Minute)
			s.Plant(5, 5, s.Clock.Now().Add(-10*time.Second))
			s.delivered(10)
		})
	}
}

// Credentials that are refused pause all tables. New ones in the files let all go on at once, whatever the way.
func TestNewFilesLetPausedTablesGoOn(t *testing.T) {
	for name := range waysIn(t, nil, time.Now()) {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{TokenLifetime: 10 * time.Minute, ClientSecret: "unused"})
			ways := waysIn(t, s.Sim, epoch.Add(100*24*time.Hour))
			w := ways[name]
			if w.revoke == nil {
				t.Skip("there is no file")
			}
			s.inFakeTime(0, func(b *fakeTime) {
				w.accept(1)
				w.present(0)
				cfg := b.config(logons, "DeviceEvents")
				cfg.Credentials.ClientSecret = ""
				w.configure(&cfg.Credentials)
				cfg.PollInterval = time.Minute
				r, stop := b.start(cfg)
				defer stop()
				time.Sleep(150 * time.Minute) // between two hourly tries
				for _, table := range r.readers() {
					assert.Equal(t, "credentials", b.pausedFor(table.table))
				}
				b.Plant(0, 5, b.Now())
				w.present(1)
				time.Sleep(4 * time.Minute)
				b.Exactly(5)
				for _, table := range r.readers() {
					assert.Empty(t, b.pausedFor(table.table))
				}
				assert.True(t, b.Status.OK())
			})
		})
	}
}

// Graph revokes a token before its end; the rows go on with a token that carries the claims.
func TestClaimsChallenge(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, s.Clock.Now().Add(-time.Minute))
	s.Sim.FailNext(1, defendersim.Fault{Kind: defendersim.FaultChallenge})
	s.start(s.config(logons))
	s.delivered(5)
	assert.Equal(t, int64(1), s.Sim.Report().Count(graphHunting, "401 claims challenge"))
}

// However many tables begin at once, and however many see their token revoked: one request for each token.
func TestOneTokenForAllTables(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, s.Clock.Now().Add(-time.Minute))
	cfg := s.config(logons, "DeviceEvents", "DeviceFileEvents", "DeviceProcessEvents", "DeviceNetworkEvents", "DeviceRegistryEvents", "Alerts")
	cfg.Quota.MaxConcurrentQueries = 8
	s.start(cfg)
	s.delivered(5)
	asked := func() int64 { return s.Sim.Report().Count("POST /{tenant}/oauth2/v2.0/token", "") }
	assert.Equal(t, int64(1), asked())
	s.Sim.FailNext(1, defendersim.Fault{Kind: defendersim.FaultChallenge})
	s.Clock.Advance(time.Minute)
	s.Plant(5, 5, s.Clock.Now().Add(-10*time.Second))
	s.delivered(10)
	s.Polls(logons, 5)
	assert.Equal(t, int64(2), asked())
}

const graphHunting = "/v1.0/security/runHuntingQuery"

// expiryOf is what the metric says.
func (s *stage) expiryOf() (seconds float64, known bool) {
	m, err := s.Metrics.GetMetric("otelcol_receiver_defender_credential_expiry")
	if err != nil {
		return 0, false
	}
	points := m.Data.(metricdata.Gauge[float64]).DataPoints
	if len(points) == 0 {
		return 0, false
	}
	receiver, _ := points[0].Attributes.Value("receiver")
	assert.NotEmpty(s.t, receiver.AsString())
	return points[0].Value, true
}

func TestExpiryOfCredentials(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	_, known := s.expiryOf()
	assert.False(t, known)
	cfg := s.config(logons)
	stop := s.start(cfg)
	_, known = s.expiryOf()
	assert.False(t, known, "of a secret only the portal knows its end")
	stop()

	cfg.Credentials.Expires = epoch.Add(14 * time.Hour).Format(time.DateOnly)
	stop = s.start(cfg)
	seconds, known := s.expiryOf()
	assert.True(t, known)
	assert.InDelta(t, (14 * time.Hour).Seconds(), seconds, 120)
	stop()

	w := waysIn(t, s.Sim, epoch.Add(10*24*time.Hour))["certificate in PEM"]
	w.accept(0)
	w.accept(1)
	w.present(0)
	s.start(w.config(s, logons))
	seconds, _ = s.expiryOf()
	assert.InDelta(t, (10 * 24 * time.Hour).Seconds(), seconds, 120)
	w.present(1)
	require.Eventually(t, func() bool {
		seconds, _ := s.expiryOf()
		return seconds > (10*24*time.Hour + 30*time.Minute).Seconds()
	}, wait, 10*time.Millisecond, "the new certificate's")
}

// The end of the credentials stands in the status from the start, and in the log before it comes.
func TestExpiryIsTold(t *testing.T) {
	s := newStage(t, defendersim.Options{TokenLifetime: time.Hour})
	s.inFakeTime(0, func(b *fakeTime) {
		cfg := b.hourly(logons)
		cfg.Credentials.Expires = epoch.Add(8*24*time.Hour + time.Hour).Format(time.RFC3339)
		var edits []func(*defenderReceiver)
		logs := logged(&edits)
		r := b.create(cfg)
		r.now = b.Now
		for _, edit := range edits {
			edit(r)
		}
		require.NoError(t, r.Start(t.Context(), b.Host()))
		defer func() { assert.NoError(t, r.Shutdown(context.Background())) }()
		told := func() int { return logs.FilterMessageSnippet("The credentials").Len() }
		time.Sleep(2 * time.Minute)
		assert.Equal(t, 1, told(), "within 30 days")
		assert.Contains(t, logs.FilterMessageSnippet("The credentials").All()[0].Message, "end in 8 days: create the next one")
		assert.True(t, b.Status.Notes(epoch.Add(8*24*time.Hour+time.Hour).Format(time.RFC3339)))
		time.Sleep(26 * time.Hour)
		assert.Equal(t, 2, told(), "within a week")
	})
}

var extensionID = component.MustNewID("oauth2client")

// authenticator is an extension that sets a token by itself.
type authenticator struct {
	component.StartFunc
	component.ShutdownFunc
	token *atomic.Value // string
}

var _ extensionauth.HTTPClient = authenticator{}

func (a authenticator) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+a.token.Load().(string))
		return base.RoundTrip(req)
	}), nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// An extension says who asks, in the place of the credentials.
func TestAuthExtension(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, s.Clock.Now().Add(-time.Minute))
	cfg := s.config(logons)
	cfg.Credentials = credentials.Config{TenantID: cfg.Credentials.TenantID}
	cfg.ClientConfig.Auth = configoptional.Some(configauth.Config{AuthenticatorID: extensionID})
	extension := authenticator{token: &atomic.Value{}}
	extension.token.Store("not.a.token")
	r := s.create(cfg)
	require.NoError(t, r.Start(t.Context(), s.Host().With(extensionID, extension)))
	defer func() { assert.NoError(t, r.Shutdown(context.Background())) }()
	require.Eventually(t, func() bool { return s.Status.Has("look at the extension that 'auth' names") }, wait, time.Millisecond)

	own := s.create(s.config(logons))
	conn, err := own.connect(t.Context(), s.Host())
	require.NoError(t, err)
	defer conn.close()
	token, err := conn.access.token(t.Context())
	require.NoError(t, err)
	extension.token.Store(token)
	r.gates.credentialsChanged()
	s.delivered(5)
	assert.Equal(t, int64(1), s.Sim.Report().Count("POST /{tenant}/oauth2/v2.0/token", ""), "the receiver asks for none itself")
}

// A proxy that opens TLS, a CA of its own, and each cloud's hosts: token requests and queries go the same way.
func TestCloudsBehindAProxyThatOpensTLS(t *testing.T) {
	for name, tt := range map[string]struct {
		cloud       Cloud
		api         API
		endpoint    string
		login, asks string
	}{
		"global":                {CloudGlobal, APIGraph, "", "login.microsoftonline.com", "graph.microsoft.com"},
		"global, legacy":        {CloudGlobal, APILegacy, "", "login.microsoftonline.com", "api.security.microsoft.com"},
		"a region, legacy":      {CloudGlobal, APILegacy, "https://eu.api.security.microsoft.com", "login.microsoftonline.com", "eu.api.security.microsoft.com"},
		"US government":         {CloudUSGovernment, APIGraph, "", "login.microsoftonline.us", "graph.microsoft.us"},
		"US government, legacy": {CloudUSGovernment, APILegacy, "", "login.microsoftonline.us", "api-gov.security.microsoft.us"},
		"US government DoD":     {CloudUSGovernmentDoD, APIGraph, "", "login.microsoftonline.us", "dod-graph.microsoft.us"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			s.Plant(0, 5, s.Clock.Now().Add(-time.Minute))
			proxy := newOpeningProxy(t, s.Sim)
			cfg := s.config(logons)
			cfg.Cloud, cfg.API = tt.cloud, tt.api
			cfg.ClientConfig.Endpoint, cfg.Credentials.Authority = tt.endpoint, ""
			cfg.ClientConfig.ProxyURL, cfg.ClientConfig.TLS.CAFile = proxy.url, proxy.caFile
			s.start(cfg)
			s.delivered(5)
			for host := range proxy.hosts() {
				assert.Contains(t, []string{tt.login, "login.microsoftonline.com", tt.asks}, host)
			}
			assert.Contains(t, proxy.hosts(), tt.login)
			assert.Contains(t, proxy.hosts(), tt.asks)
		})
	}
}

// Without the proxy's CA the message says what to do, and nothing is sent.
func TestProxyWhoseCAIsNotKnown(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.config(logons)
	cfg.ClientConfig.ProxyURL = newOpeningProxy(t, s.Sim).url
	cfg.ClientConfig.Endpoint, cfg.Credentials.Authority = "", ""
	s.start(cfg)
	require.Eventually(t, func() bool {
		return s.Status.Has("name the CA's file in tls::ca_file, also that of a proxy which opens TLS")
	}, wait, time.Millisecond)
	assert.Zero(t, s.Sim.Report().Count("", ""))
}
