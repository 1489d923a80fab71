package entra

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"
	"software.sslmate.com/src/go-pkcs12"
)

const testPassword = "pfx-p4ssword"

// pair is a certificate and its key.
type pair struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// newPair makes a certificate that issuer has signed, or it itself.
func newPair(t *testing.T, issuer *pair, key crypto.Signer, ends time.Time) *pair {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: rand.Text()},
		NotBefore: ends.Add(-48 * time.Hour), NotAfter: ends, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &pair{cert, key}
}

func newRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return key
}

func certPEM(pairs ...*pair) string {
	var text strings.Builder
	for _, p := range pairs {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw}))
	}
	return text.String()
}

func keyPEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func pfxOf(t *testing.T, encoder *pkcs12.Encoder, p *pair, issuers ...*x509.Certificate) string {
	t.Helper()
	file, err := encoder.Encode(p.key, p.cert, issuers, testPassword)
	require.NoError(t, err)
	return string(file)
}

// Files of any tool, in any order, give the chain from the client's own certificate up.
func TestCertificateFilesGiveTheChain(t *testing.T) {
	soon := time.Now().Add(24 * time.Hour)
	root := newPair(t, nil, newRSA(t), soon)
	between := newPair(t, root, newRSA(t), soon)
	own := newPair(t, between, newRSA(t), soon)
	renewed := newPair(t, between, own.key, soon.Add(time.Hour))
	stranger := newPair(t, nil, newRSA(t), soon)
	at := inDir(t)
	for name, tt := range map[string]struct {
		cert, key, pfx string
		want           []*pair
	}{
		"PEM in order":        {cert: certPEM(own, between, root), key: keyPEM(t, own.key), want: []*pair{own, between, root}},
		"PEM from the root":   {cert: certPEM(root, between, own), key: keyPEM(t, own.key), want: []*pair{own, between, root}},
		"PEM with a stranger": {cert: certPEM(stranger, own, between), key: keyPEM(t, own.key), want: []*pair{own, between}},
		"PEM alone":           {cert: certPEM(own), key: keyPEM(t, own.key), want: []*pair{own}},
		"PEM, renewed below":  {cert: certPEM(renewed, own, between), key: keyPEM(t, own.key), want: []*pair{renewed, between}},
		"PFX of today":        {pfx: pfxOf(t, pkcs12.Modern, own, root.cert, between.cert), want: []*pair{own, between, root}},
		"PFX of Windows":      {pfx: pfxOf(t, pkcs12.LegacyDES, own, between.cert), want: []*pair{own, between}},
		"PFX of old tools":    {pfx: pfxOf(t, pkcs12.LegacyRC2, own), want: []*pair{own}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLogin(t)
			s, _ := l.source(t, func(c *Credentials) {
				c.ClientSecret = ""
				if tt.pfx != "" {
					write(t, at("app.pfx"), tt.pfx)
					c.PFXFile, c.PFXPassword = at("app.pfx"), testPassword
					return
				}
				write(t, at("app.crt"), tt.cert)
				write(t, at("app.key"), tt.key)
				c.CertFile, c.KeyFile = at("app.crt"), at("app.key")
			})
			token(t, s)
			var want []any
			for _, p := range tt.want {
				want = append(want, base64.StdEncoding.EncodeToString(p.cert.Raw))
			}
			assert.Equal(t, want, assertionHeader(t, l.requests()[0].Get("client_assertion"))["x5c"])
			end, known := s.Expiry()
			assert.True(t, known)
			assert.True(t, end.Equal(tt.want[0].cert.NotAfter))
		})
	}
}

// What cannot work is told at the start, with the key of the configuration, and holds nothing of the files.
func TestCertificatesThatCannotWork(t *testing.T) {
	soon := time.Now().Add(24 * time.Hour)
	own, other := newPair(t, nil, newRSA(t), soon), newPair(t, nil, newRSA(t), soon)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	elliptical := newPair(t, nil, curve, soon)
	sec1, err := x509.MarshalECPrivateKey(curve)
	require.NoError(t, err)
	at := inDir(t)
	for name, tt := range map[string]struct {
		cert, key, pfx string
		password       configopaque.String
		want           []string
	}{
		"wrong password":       {pfx: pfxOf(t, pkcs12.Modern, own), password: "wr0ng-one", want: []string{"'credentials::client_certificate::password' does not open", at("app.pfx")}},
		"no password":          {pfx: pfxOf(t, pkcs12.LegacyDES, own), want: []string{"'credentials::client_certificate::password' does not open"}},
		"no PFX":               {pfx: "what", want: []string{"'credentials::client_certificate::pfx_file' (" + at("app.pfx") + ") is no PFX file"}},
		"PEM as PFX":           {pfx: certPEM(own) + keyPEM(t, own.key), want: []string{"'credentials::client_certificate::pfx_file'", "name it in cert_file and key_file"}},
		"elliptic PFX":         {pfx: pfxOf(t, pkcs12.Modern, elliptical), password: testPassword, want: []string{"'credentials::client_certificate::pfx_file'", "no RSA key"}},
		"another's key":        {cert: certPEM(own), key: keyPEM(t, other.key), want: []string{"'credentials::client_certificate::key_file' (" + at("app.key") + ") holds a private key that belongs to no certificate of 'credentials::client_certificate::cert_file'"}},
		"elliptic key":         {cert: certPEM(elliptical), key: keyPEM(t, curve), want: []string{"'credentials::client_certificate::key_file'", "no RSA key"}},
		"elliptic key of old":  {cert: certPEM(elliptical), key: string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1})), want: []string{"'credentials::client_certificate::key_file'", "no RSA key"}},
		"key with a password":  {cert: certPEM(own), key: string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})), want: []string{"'credentials::client_certificate::key_file'", "with a password"}},
		"no key":               {cert: certPEM(own), key: certPEM(own), want: []string{"'credentials::client_certificate::key_file'", "no private key"}},
		"no certificate":       {cert: keyPEM(t, own.key), key: "\n# nothing\n", want: []string{"'credentials::client_certificate::cert_file'", "no certificate"}},
		"two keys":             {cert: certPEM(own) + keyPEM(t, own.key), key: keyPEM(t, own.key), want: []string{"'credentials::client_certificate'", "multiple private key"}},
		"a broken certificate": {cert: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})), key: keyPEM(t, own.key), want: []string{"'credentials::client_certificate'"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := Credentials{TenantID: testTenant, ClientID: testClient}
			if tt.pfx != "" {
				write(t, at("app.pfx"), tt.pfx)
				c.PFXFile, c.PFXPassword = at("app.pfx"), tt.password
			} else {
				write(t, at("app.crt"), tt.cert)
				write(t, at("app.key"), tt.key)
				c.CertFile, c.KeyFile = at("app.crt"), at("app.key")
			}
			_, err := NewSource(c, http.DefaultClient, testScope, zap.NewNop())
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), "wr0ng-one")
			assert.NotContains(t, err.Error(), "MII")
		})
	}
}

// While it runs, half a rotation is no trouble: the certificate at hand is good until the files fit.
func TestHalfARotationKeepsTheOldCertificate(t *testing.T) {
	l := newLogin(t)
	at := inDir(t)
	soon := time.Now().Add(24 * time.Hour)
	first, second := newPair(t, nil, newRSA(t), soon), newPair(t, nil, newRSA(t), soon.Add(time.Hour))
	write(t, at("crt"), certPEM(first))
	write(t, at("key"), keyPEM(t, first.key))
	s, logs := l.source(t, func(c *Credentials) { c.ClientSecret, c.CertFile, c.KeyFile = "", at("crt"), at("key") })
	assert.Equal(t, "token-1", token(t, s))
	write(t, at("crt"), certPEM(second))
	assert.Equal(t, "token-1", token(t, s))
	require.Equal(t, 1, logs.FilterMessageSnippet("Cannot read the credentials again").Len())
	assert.Contains(t, logs.FilterMessageSnippet("Cannot read").All()[0].ContextMap()["error"], "belongs to no certificate")
	end, _ := s.Expiry()
	assert.True(t, end.Equal(first.cert.NotAfter))
	write(t, at("key"), keyPEM(t, second.key))
	assert.Equal(t, "token-2", token(t, s))
	end, _ = s.Expiry()
	assert.True(t, end.Equal(second.cert.NotAfter))
}

// A certificate that has ended is Entra ID's to refuse; the message says which, since when, and where it stands.
func TestACertificateThatHasEndedIsNamed(t *testing.T) {
	l := newLogin(t)
	l.answer = func(w http.ResponseWriter, _ url.Values, _ int) {
		refuse(w, http.StatusUnauthorized, "invalid_client", 700027, "Client assertion contains an invalid signature.")
	}
	at := inDir(t)
	for name, ends := range map[string]time.Time{"has expired on": time.Now().Add(-time.Minute), "is not valid before": time.Now().Add(100 * time.Hour)} {
		own := newPair(t, nil, newRSA(t), ends)
		write(t, at("app.pfx"), pfxOf(t, pkcs12.Modern, own))
		s, _ := l.source(t, func(c *Credentials) { c.ClientSecret, c.PFXFile, c.PFXPassword = "", at("app.pfx"), testPassword })
		_, err := s.Token(t.Context())
		assert.Equal(t, BadCredentials, kindOf(t, err))
		require.ErrorContains(t, err, "the certificate in 'credentials::client_certificate::pfx_file' ("+at("app.pfx")+") "+name)
	}
}

func TestAFederatedTokenThatHasEndedIsNamed(t *testing.T) {
	l := newLogin(t)
	l.answer = func(w http.ResponseWriter, _ url.Values, _ int) {
		refuse(w, http.StatusUnauthorized, "invalid_client", 700024, "Client assertion is not within its valid time range.")
	}
	file := inDir(t)("token")
	write(t, file, jwtOf(`{"iss":"https://cluster.example","exp":1700000000}`))
	s, _ := l.source(t, func(c *Credentials) { c.ClientSecret, c.FederatedTokenFile = "", file })
	_, err := s.Token(t.Context())
	require.ErrorContains(t, err, "the token in 'credentials::federated_token_file' ("+file+") has expired on 2023-11-14T22:13:20Z: look at what writes the file")
	require.NoError(t, os.Remove(file))
	_, err = s.Token(t.Context())
	require.ErrorContains(t, err, "'credentials::federated_token_file' names a file")
	write(t, file, "\n")
	_, err = s.Token(t.Context())
	require.ErrorContains(t, err, "'credentials::federated_token_file' names the file "+file+", which is empty")
	assert.Equal(t, BadCredentials, kindOf(t, err))
}

func jwtOf(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode([]byte(claims)) + "." + encode([]byte("signature"))
}
