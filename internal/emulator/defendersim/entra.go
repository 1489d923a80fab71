package defendersim

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Resources for which Entra ID gives tokens, which are also their audiences.
const (
	audienceGraph  = "https://graph.microsoft.com"
	audienceLegacy = "https://api.security.microsoft.com"
)

// The paths of Entra ID, under which the report counts their calls.
const (
	oauth2Path    = "POST /{tenant}/oauth2/v2.0/token"
	discoveryPath = "GET /{tenant}/v2.0/.well-known/openid-configuration"
	instancePath  = "GET /common/discovery/instance"
)

// entra emulates Entra ID's v2.0 endpoints for one tenant with one application.
type entra struct {
	tenantID, clientID string
	lifetime           time.Duration
	now                func() time.Time
	judge              *judge
	faults             *faultPlan

	mu            sync.Mutex // guards everything below
	secret        string
	secretExpired bool
	roles         []string
	signingKey    []byte
}

func newEntra(o Options, j *judge, f *faultPlan) *entra {
	e := &entra{
		tenantID: o.TenantID, clientID: o.ClientID, lifetime: o.TokenLifetime, now: o.Now, judge: j, faults: f,
		secret: o.ClientSecret, roles: slices.Clone(o.Roles),
	}
	e.revokeTokens()
	return e
}

func (e *entra) setSecret(secret string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secret, e.secretExpired = secret, false
}

func (e *entra) expireSecret() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secretExpired = true
}

func (e *entra) setRoles(roles []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.roles = slices.Clone(roles)
}

// revokeTokens makes every token so far invalid by taking a new signing key.
func (e *entra) revokeTokens() {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	e.mu.Lock()
	defer e.mu.Unlock()
	e.signingKey = key
}

func (e *entra) register(mux *http.ServeMux) {
	mux.HandleFunc(discoveryPath, e.discovery)
	mux.HandleFunc(instancePath, e.instance)
	mux.HandleFunc(oauth2Path, e.token)
}

func (e *entra) discovery(w http.ResponseWriter, r *http.Request) {
	if failure := e.checkTenant(r.PathValue("tenant")); failure != nil {
		e.refuse(w, r, failure)
		return
	}
	base := "https://" + r.Host + "/" + r.PathValue("tenant")
	e.judge.call(r.Pattern, "200")
	writeJSON(w, http.StatusOK, map[string]any{
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"issuer":                                base + "/v2.0",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post"},
		"response_types_supported":              []string{"code", "token"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   "microsoftonline.com",
	})
}

// instance is what MSAL asks first where instance discovery was left on.
func (e *entra) instance(w http.ResponseWriter, r *http.Request) {
	e.judge.call(instancePath, "200")
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + r.Host + "/" + e.tenantID + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []string{r.Host},
		}},
	})
}

// token answers the client credentials grant.
func (e *entra) token(w http.ResponseWriter, r *http.Request) {
	if e.faults.drawForToken().Kind != "" {
		e.judge.call(oauth2Path, "fault "+string(FaultToken503))
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"error": "temporarily_unavailable"})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		e.refuse(w, r, missingParameter("grant_type"))
		return
	}
	e.mu.Lock()
	audience, failure := e.checkGrant(r)
	var token string
	if failure == nil {
		var err error
		if token, err = e.issue(audience); err != nil {
			failure = &entraFailure{status: http.StatusInternalServerError, name: "server_error", code: 90033, text: "A transient error has occurred. Please try again."}
		}
	}
	e.mu.Unlock()
	if failure != nil {
		e.refuse(w, r, failure)
		return
	}
	e.judge.call(r.Pattern, "200")
	seconds := int(e.lifetime / time.Second)
	w.Header().Set("Cache-Control", "no-store, no-cache")
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token,
	})
}

// checkGrant returns the audience that the form asks for. The caller holds e.mu.
func (e *entra) checkGrant(r *http.Request) (string, *entraFailure) {
	form := r.PostForm
	if failure := e.checkTenant(r.PathValue("tenant")); failure != nil {
		return "", failure
	}
	for _, name := range []string{"grant_type", "client_id", "scope"} {
		if form.Get(name) == "" {
			return "", missingParameter(name)
		}
	}
	if grant := form.Get("grant_type"); grant != "client_credentials" {
		return "", unsupportedGrant(grant)
	}
	if id := form.Get("client_id"); !strings.EqualFold(id, e.clientID) {
		return "", unknownApplication(id, e.tenantID)
	}
	audience, failure := e.checkScope(form.Get("scope"))
	if failure != nil {
		return "", failure
	}
	secret := form.Get("client_secret")
	switch {
	case form.Get("client_assertion") != "":
		return "", unknownCertificate(e.clientID)
	case secret == "":
		return "", missingCredential()
	case subtle.ConstantTimeCompare([]byte(secret), []byte(e.secret)) == 0:
		return "", wrongSecret(e.clientID)
	case e.secretExpired:
		return "", expiredSecret(e.clientID)
	}
	return audience, nil
}

func (e *entra) checkTenant(tenant string) *entraFailure {
	if strings.EqualFold(tenant, e.tenantID) {
		return nil
	}
	return unknownTenant(tenant)
}

// checkScope takes one `<resource>/.default` beside the three OpenID scopes that MSAL always adds.
func (e *entra) checkScope(scope string) (string, *entraFailure) {
	var asked []string
	for s := range strings.FieldsSeq(scope) {
		if s != "openid" && s != "offline_access" && s != "profile" {
			asked = append(asked, s)
		}
	}
	if len(asked) != 1 || !strings.HasSuffix(asked[0], "/.default") {
		return "", invalidScope(scope)
	}
	resource := strings.TrimSuffix(strings.TrimSuffix(asked[0], "/.default"), "/")
	if resource != audienceGraph && resource != audienceLegacy {
		return "", unknownResource(resource, e.tenantID)
	}
	return resource, nil
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that went away needs no answer
}
