package defendersim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
)

func msalToken(t *testing.T, h *harness, secret string) (string, error) {
	t.Helper()
	credential, err := msal.NewCredFromSecret(secret)
	require.NoError(t, err)
	client, err := msal.New(h.URL()+"/"+h.TenantID, h.ClientID, credential, msal.WithInstanceDiscovery(false), msal.WithHTTPClient(h.client))
	require.NoError(t, err)
	result, err := client.AcquireTokenByCredential(t.Context(), []string{entra.AudienceGraph + "/.default"})
	return result.AccessToken, err
}

func TestMSALGetsTokensAndTheirErrors(t *testing.T) {
	h := start(t, Options{Now: time.Now, compile: rowsOf(0, nil, nil)})
	token, err := msalToken(t, h, h.ClientSecret)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, h.post(t, graphPath, `{"Query":"DeviceEvents"}`, token).StatusCode)

	h.SetClientSecret("rotated")
	_, err = msalToken(t, h, h.ClientSecret)
	var callErr msalerrors.CallErr
	require.ErrorAs(t, err, &callErr)
	assert.Equal(t, http.StatusUnauthorized, callErr.Resp.StatusCode)
	assert.ErrorContains(t, err, "AADSTS7000215")
	_, err = msalToken(t, h, "rotated")
	require.NoError(t, err)
	h.ExpireClientSecret()
	_, err = msalToken(t, h, "rotated")
	require.ErrorContains(t, err, "AADSTS7000222")
}

func proveBy(assertion string) func(url.Values) {
	return func(v url.Values) {
		v.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		v.Set("client_assertion", assertion)
	}
}

func TestTokenRefusals(t *testing.T) {
	h := start(t, Options{})
	for name, tt := range map[string]struct {
		tenant  string
		change  func(url.Values)
		status  int
		error   string
		code    int
		contain string
	}{
		"tenant":        {tenant: "contoso", status: 400, error: "invalid_request", code: 90002, contain: "Tenant 'contoso' not found."},
		"client":        {change: func(v url.Values) { v.Set("client_id", "nobody") }, status: 400, error: "unauthorized_client", code: 700016, contain: "Application with identifier 'nobody' was not found"},
		"secret":        {change: func(v url.Values) { v.Set("client_secret", "x") }, status: 401, error: "invalid_client", code: 7000215, contain: "Invalid client secret provided."},
		"no secret":     {change: func(v url.Values) { v.Del("client_secret") }, status: 401, error: "invalid_client", code: 7000216, contain: "is required"},
		"assertion":     {change: proveBy("x.y.z"), status: 401, error: "invalid_client", code: 50027, contain: "malformed"},
		"untyped":       {change: func(v url.Values) { v.Set("client_assertion", "x.y.z") }, status: 400, error: "invalid_request", code: 900144, contain: "'client_assertion_type'"},
		"grant":         {change: func(v url.Values) { v.Set("grant_type", "password") }, status: 400, error: "unsupported_grant_type", code: 70003, contain: "'password'"},
		"no grant":      {change: func(v url.Values) { v.Del("grant_type") }, status: 400, error: "invalid_request", code: 900144, contain: "the following parameter: 'grant_type'."},
		"scope":         {change: func(v url.Values) { v.Set("scope", "User.Read") }, status: 400, error: "invalid_scope", code: 70011, contain: "The scope User.Read is not valid."},
		"OpenID only":   {change: func(v url.Values) { v.Set("scope", "openid profile") }, status: 400, error: "invalid_scope", code: 70011, contain: "openid profile"},
		"two resources": {change: func(v url.Values) { v.Set("scope", "https://a/.default https://b/.default") }, status: 400, error: "invalid_scope", code: 70011, contain: "not valid"},
		"resource":      {change: func(v url.Values) { v.Set("scope", "https://example.com/.default") }, status: 400, error: "invalid_resource", code: 500011, contain: "The resource principal named https://example.com was not found"},
	} {
		t.Run(name, func(t *testing.T) {
			form := h.tokenForm()
			if tt.change != nil {
				tt.change(form)
			}
			tenant := tt.tenant
			if tenant == "" {
				tenant = h.TenantID
			}
			a := h.requestToken(t, tenant, form)
			require.Equal(t, tt.status, a.StatusCode)
			var body struct {
				Error            string `json:"error"`
				ErrorDescription string `json:"error_description"`
				ErrorCodes       []int  `json:"error_codes"`
				Timestamp        string `json:"timestamp"`
				TraceID          string `json:"trace_id"`
				CorrelationID    string `json:"correlation_id"`
			}
			require.NoError(t, json.Unmarshal(a.body, &body))
			assert.Equal(t, tt.error, body.Error)
			assert.Equal(t, []int{tt.code}, body.ErrorCodes)
			assert.Contains(t, body.ErrorDescription, tt.contain)
			assert.Equal(t, "2026-03-15 12:00:00Z", body.Timestamp)
			assert.Equal(t, "correlation", body.CorrelationID)
			assert.Len(t, body.TraceID, 36)
			assert.NotContains(t, string(a.body), h.ClientSecret)
		})
	}
}

func TestTokensExpireAndAreBoundToTheirAudience(t *testing.T) {
	h := start(t, Options{TokenLifetime: time.Hour, compile: rowsOf(0, nil, nil)})
	graph, body := h.token(t, graphPath), `{"Query":"DeviceEvents"}`
	assert.Equal(t, http.StatusOK, h.post(t, graphPath, body, graph).StatusCode)

	assert.Contains(t, h.post(t, legacyPath, body, graph).message(t, 401), "Invalid audience")
	assert.Contains(t, h.post(t, graphPath, body, h.token(t, legacyPath)).message(t, 401), "Invalid audience")
	assert.Equal(t, "Access token is missing or malformed.", h.post(t, graphPath, body, "").message(t, 401))
	assert.Equal(t, "Access token is missing or malformed.", h.post(t, graphPath, body, "nonsense").message(t, 401))
	head, _, _ := strings.Cut(graph, ".")
	assert.NotEqual(t, http.StatusOK, h.post(t, graphPath, body, head+".e30.AAAA").StatusCode)

	h.clock.Advance(time.Hour - time.Second)
	assert.Equal(t, http.StatusOK, h.post(t, graphPath, body, graph).StatusCode)
	h.clock.Advance(2 * time.Second)
	refused := h.post(t, graphPath, body, graph)
	assert.Equal(t, "Lifetime validation failed, the token is expired.", refused.message(t, 401))
	assert.Contains(t, string(refused.body), `"code":"InvalidAuthenticationToken"`)

	h.renew()
	graph = h.token(t, graphPath)
	h.RevokeTokens()
	assert.Contains(t, h.post(t, graphPath, body, graph).message(t, 401), "Invalid signature")
}

func TestMissingRoleIsForbidden(t *testing.T) {
	h := start(t, Options{compile: rowsOf(0, nil, nil)})
	h.SetRoles("SecurityAlert.Read.All")
	assert.Equal(t, "Missing application roles. API required roles: ThreatHunting.Read.All, application roles: SecurityAlert.Read.All.",
		h.query(t, graphPath, "DeviceEvents").message(t, 403))
	assert.Contains(t, h.query(t, legacyPath, "DeviceEvents").message(t, 403), "API required roles: AdvancedHunting.Read.All")
	h.SetRoles(RoleGraph)
	h.renew()
	assert.Equal(t, http.StatusOK, h.query(t, graphPath, "DeviceEvents").StatusCode)
}

func TestDiscoveryDocuments(t *testing.T) {
	h := start(t, Options{})
	get := func(path string) reply {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL()+path, http.NoBody)
		require.NoError(t, err)
		return h.do(t, req)
	}
	var document map[string]any
	require.NoError(t, json.Unmarshal(get("/"+h.TenantID+"/v2.0/.well-known/openid-configuration").body, &document))
	assert.Equal(t, h.URL()+"/"+h.TenantID+"/oauth2/v2.0/token", document["token_endpoint"])
	assert.Equal(t, h.URL()+"/"+h.TenantID+"/v2.0", document["issuer"])
	assert.Equal(t, 400, get("/contoso/v2.0/.well-known/openid-configuration").StatusCode)
	require.NoError(t, json.Unmarshal(get("/common/discovery/instance?api-version=1.1").body, &document))
	assert.Equal(t, h.URL()+"/"+h.TenantID+"/v2.0/.well-known/openid-configuration", document["tenant_discovery_endpoint"])
}
