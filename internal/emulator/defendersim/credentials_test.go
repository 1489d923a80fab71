package defendersim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"testing"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
)

// pair is a certificate and its key; an issuer signs it, or it signs itself.
type pair struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

func newPair(t *testing.T, issuer *pair, ends time.Time) *pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := certificateTemplate("app")
	template.NotBefore, template.NotAfter = ends.Add(-24*time.Hour), ends
	template.IsCA, template.BasicConstraintsValid = issuer == nil, true
	template.Subject = pkix.Name{CommonName: rand.Text()}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	p := &pair{key: key}
	parent, signer := template, crypto.Signer(key)
	if issuer != nil {
		parent, signer = issuer.certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	p.certificate, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return p
}

// withMSAL asks for a token with MSAL, as the collector does.
func withMSAL(t *testing.T, h *harness, credential msal.Credential, options ...msal.AcquireByCredentialOption) (string, error) {
	t.Helper()
	client, err := msal.New(h.URL()+"/"+h.TenantID, h.ClientID, credential,
		msal.WithInstanceDiscovery(false), msal.WithHTTPClient(h.client), msal.WithX5C(), msal.WithClientCapabilities([]string{"CP1"}))
	require.NoError(t, err)
	result, err := client.AcquireTokenByCredential(t.Context(), []string{entra.AudienceGraph + "/.default"}, options...)
	return result.AccessToken, err
}

func withCertificate(t *testing.T, h *harness, chain []*x509.Certificate, key *rsa.PrivateKey) error {
	t.Helper()
	credential, err := msal.NewCredFromCert(chain, key)
	require.NoError(t, err)
	_, err = withMSAL(t, h, credential)
	return err
}

func TestCertificates(t *testing.T) {
	h := start(t, Options{Now: time.Now, compile: rowsOf(0, nil, nil)})
	soon := time.Now().Add(time.Hour)
	app := newPair(t, nil, soon)
	chain := []*x509.Certificate{app.certificate}
	require.ErrorContains(t, withCertificate(t, h, chain, app.key), "AADSTS700027")
	h.AddCertificate(app.certificate)
	require.NoError(t, withCertificate(t, h, chain, app.key))
	h.RevokeCertificate(app.certificate)
	require.ErrorContains(t, withCertificate(t, h, chain, app.key), "is not registered")

	over := newPair(t, nil, time.Now().Add(-time.Minute))
	h.AddCertificate(over.certificate)
	require.ErrorContains(t, withCertificate(t, h, []*x509.Certificate{over.certificate}, over.key), "The key used is expired")

	issuer := newPair(t, nil, soon)
	issued := newPair(t, issuer, soon)
	full := []*x509.Certificate{issued.certificate, issuer.certificate}
	require.ErrorContains(t, withCertificate(t, h, full, issued.key), "AADSTS700027")
	h.TrustIssuer(issuer.certificate)
	require.NoError(t, withCertificate(t, h, full, issued.key), "of a trusted issuer, by the chain that is sent")
}

// signed is an assertion by hand, which MSAL would not sign so.
func signed(t *testing.T, key *rsa.PrivateKey, header map[string]any, claims jwt.RegisteredClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodPS256, claims)
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	require.NoError(t, err)
	return text
}

func (h *harness) refusedBy(t *testing.T, assertion string) string {
	t.Helper()
	form := h.tokenForm()
	form.Del("client_secret")
	proveBy(assertion)(form)
	a := h.requestToken(t, h.TenantID, form)
	if a.StatusCode == http.StatusOK {
		return ""
	}
	return string(a.body)
}

func TestFederatedTokens(t *testing.T) {
	h := start(t, Options{compile: rowsOf(0, nil, nil)})
	idp, other := newPair(t, nil, time.Now().Add(time.Hour)), newPair(t, nil, time.Now().Add(time.Hour))
	h.Federate(Federation{Issuer: "https://cluster.example", Subject: "system:serviceaccount:siem:collector", Audience: "api://AzureADTokenExchange", Key: idp.key.Public()})
	right := jwt.RegisteredClaims{
		Issuer: "https://cluster.example", Subject: "system:serviceaccount:siem:collector", Audience: jwt.ClaimStrings{"api://AzureADTokenExchange"},
		NotBefore: jwt.NewNumericDate(time.Now().Add(-2 * time.Hour)), ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}
	assert.Empty(t, h.refusedBy(t, signed(t, idp.key, nil, right)))
	assert.Contains(t, h.refusedBy(t, signed(t, other.key, nil, right)), "AADSTS50013")
	for code, change := range map[string]func(*jwt.RegisteredClaims){
		"AADSTS700211": func(c *jwt.RegisteredClaims) { c.Issuer = "https://other.example" },
		"AADSTS700213": func(c *jwt.RegisteredClaims) { c.Subject = "system:serviceaccount:siem:other" },
		"AADSTS700212": func(c *jwt.RegisteredClaims) { c.Audience = jwt.ClaimStrings{"other"} },
		"AADSTS700024": func(c *jwt.RegisteredClaims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Hour)) },
	} {
		wrong := right
		change(&wrong)
		assert.Contains(t, h.refusedBy(t, signed(t, idp.key, nil, wrong)), code)
	}
}

func TestAssertionsOfACertificateAreChecked(t *testing.T) {
	h := start(t, Options{compile: rowsOf(0, nil, nil)})
	app, other := newPair(t, nil, time.Now().Add(time.Hour)), newPair(t, nil, time.Now().Add(time.Hour))
	h.AddCertificate(app.certificate)
	header := map[string]any{"x5t#S256": thumbprint(app.certificate)}
	right := jwt.RegisteredClaims{
		Issuer: h.ClientID, Subject: h.ClientID, Audience: jwt.ClaimStrings{h.URL() + "/" + h.TenantID + "/oauth2/v2.0/token"},
		NotBefore: jwt.NewNumericDate(time.Now().Add(-2 * time.Hour)), ExpiresAt: jwt.NewNumericDate(time.Now().Add(10 * time.Minute)),
	}
	assert.Empty(t, h.refusedBy(t, signed(t, app.key, header, right)))
	assert.Contains(t, h.refusedBy(t, signed(t, other.key, header, right)), "The signature could not be verified")
	for code, change := range map[string]func(*jwt.RegisteredClaims){
		"AADSTS700021": func(c *jwt.RegisteredClaims) { c.Subject = "other" },
		"AADSTS700023": func(c *jwt.RegisteredClaims) { c.Audience = jwt.ClaimStrings{"https://login.example"} },
		"AADSTS700024": func(c *jwt.RegisteredClaims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Hour)) },
	} {
		wrong := right
		change(&wrong)
		assert.Contains(t, h.refusedBy(t, signed(t, app.key, header, wrong)), code)
	}
}

func TestSecretsOverlap(t *testing.T) {
	h := start(t, Options{compile: rowsOf(0, nil, nil)})
	h.AddClientSecret("second")
	for _, secret := range []string{h.ClientSecret, "second"} {
		_, err := msalToken(t, h, secret)
		require.NoError(t, err)
	}
	h.RevokeClientSecret(h.ClientSecret)
	_, err := msalToken(t, h, h.ClientSecret)
	require.ErrorContains(t, err, "AADSTS7000215")
	_, err = msalToken(t, h, "second")
	require.NoError(t, err)
}

func TestClaimsChallenge(t *testing.T) {
	h := start(t, Options{compile: rowsOf(0, nil, nil)})
	secret, err := msal.NewCredFromSecret(h.ClientSecret)
	require.NoError(t, err)
	token, err := withMSAL(t, h, secret)
	require.NoError(t, err)
	body := `{"Query":"DeviceEvents"}`
	plain := h.token(t, graphPath)
	h.FailNext(1, Fault{Kind: FaultChallenge})
	for range 2 { // it stays revoked
		refused := h.post(t, graphPath, body, token)
		require.Equal(t, http.StatusUnauthorized, refused.StatusCode)
		assert.Contains(t, refused.Header.Get("WWW-Authenticate"), `error="insufficient_claims", claims="`)
	}
	refused := h.post(t, graphPath, body, plain)
	require.Equal(t, http.StatusUnauthorized, refused.StatusCode)
	assert.NotContains(t, refused.Header.Get("WWW-Authenticate"), "claims", "a client that has not declared that it answers challenges")

	again, err := withMSAL(t, h, secret)
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, h.post(t, graphPath, body, again).StatusCode, "a new token alone does not help")
	good, err := withMSAL(t, h, secret, msal.WithClaims(`{"access_token":{"nbf":{"essential":true,"value":"1"}}}`))
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, h.post(t, graphPath, body, good).StatusCode)
	later, err := withMSAL(t, h, secret)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, h.post(t, graphPath, body, later).StatusCode)
	assert.Equal(t, http.StatusUnauthorized, h.post(t, graphPath, body, token).StatusCode)
}

func TestManagedIdentity(t *testing.T) {
	h := start(t, Options{IdentityListen: "127.0.0.1:0", compile: rowsOf(0, nil, nil)})
	ask := func(header, value string, query url.Values) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.IdentityURL()+"?"+query.Encode(), http.NoBody)
		require.NoError(t, err)
		req.Header.Set(header, value)
		return h.do(t, req).StatusCode
	}
	query := func(resource, client string) url.Values {
		v := url.Values{"api-version": {"2019-08-01"}, "resource": {resource}}
		if client != "" {
			v.Set("client_id", client)
		}
		return v
	}
	assert.Equal(t, http.StatusOK, ask("X-IDENTITY-HEADER", IdentityHeader, query(entra.AudienceGraph, h.ClientID)))
	assert.Equal(t, http.StatusOK, ask("Metadata", "true", query(entra.AudienceGraph, "")))
	assert.Equal(t, http.StatusUnauthorized, ask("X-IDENTITY-HEADER", "wrong", query(entra.AudienceGraph, "")))
	assert.Equal(t, http.StatusBadRequest, ask("Metadata", "true", query(entra.AudienceGraph, "nobody")))
	assert.Equal(t, http.StatusBadRequest, ask("Metadata", "true", query("https://example.com", "")))
	assert.Equal(t, http.StatusBadRequest, ask("Metadata", "true", url.Values{"resource": {entra.AudienceGraph}}))
}

func thumbprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
