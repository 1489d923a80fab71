// Package entra emulates Entra ID: its token endpoint, and the check of tokens by the APIs.
package entra

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
)

// Resources for which Entra ID gives tokens, which are also their audiences.
const (
	AudienceGraph  = "https://graph.microsoft.com"
	AudienceLegacy = "https://api.security.microsoft.com"
)

// resources are all, also those of the clouds for the US government.
var resources = []string{
	AudienceGraph, AudienceLegacy, "https://graph.microsoft.us", "https://dod-graph.microsoft.us", "https://api-gov.security.microsoft.us",
}

// audienceAt is the audience of an API that is asked at a host: the government clouds have their own.
func audienceAt(host, audience string) string {
	if own := "https://" + host; slices.Contains(resources, own) {
		return own
	}
	return audience
}

// The paths of Entra ID, under which the report counts their calls.
const (
	OAuth2Path    = "POST /{tenant}/oauth2/v2.0/token"
	discoveryPath = "GET /{tenant}/v2.0/.well-known/openid-configuration"
	instancePath  = "GET /common/discovery/instance"
)

// Entra emulates Entra ID's v2.0 endpoints for one tenant with one application.
type Entra struct {
	tenantID, clientID string
	lifetime           time.Duration
	now                func() time.Time
	judge              *judge.Judge
	faults             *faults.Plan

	mu            sync.Mutex // guards everything below
	registered    registration
	roles         []string
	signingKey    []byte
	era, demanded int // of tokens that are given, and of those that the APIs take
}

// Config is the application that Entra ID knows, and what its tokens say.
type Config struct {
	TenantID, ClientID, ClientSecret string
	TokenLifetime                    time.Duration
	Roles                            []string
	Now                              func() time.Time
}

// New returns Entra ID for one application.
func New(c Config, j *judge.Judge, f *faults.Plan) *Entra {
	e := &Entra{
		tenantID: c.TenantID, clientID: c.ClientID, lifetime: c.TokenLifetime, now: c.Now, judge: j, faults: f,
		registered: registration{secrets: []string{c.ClientSecret}}, roles: slices.Clone(c.Roles),
	}
	e.RevokeTokens()
	return e
}

// SetRoles sets the app roles of tokens from now on; tokens that were given keep theirs.
func (e *Entra) SetRoles(roles []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.roles = slices.Clone(roles)
}

// RevokeTokens makes every token so far invalid by taking a new signing key.
func (e *Entra) RevokeTokens() {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	e.mu.Lock()
	defer e.mu.Unlock()
	e.signingKey = key
}

// Register serves the endpoints.
func (e *Entra) Register(mux *http.ServeMux) {
	mux.HandleFunc(discoveryPath, e.discovery)
	mux.HandleFunc(instancePath, e.instance)
	mux.HandleFunc(OAuth2Path, e.token)
}

func (e *Entra) discovery(w http.ResponseWriter, r *http.Request) {
	if failure := e.checkTenant(r.PathValue("tenant")); failure != nil {
		e.refuse(w, r, failure)
		return
	}
	base := "https://" + r.Host + "/" + r.PathValue("tenant")
	e.judge.Call(r.Pattern, "200")
	answer.WriteJSON(w, http.StatusOK, map[string]any{
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"authorization_endpoint":                base + "/oauth2/v2.0/Authorize",
		"issuer":                                base + "/v2.0",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
		"response_types_supported":              []string{"code", "token"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   "microsoftonline.com",
	})
}

// instance is what MSAL asks first where instance discovery was left on.
func (e *Entra) instance(w http.ResponseWriter, r *http.Request) {
	e.judge.Call(instancePath, "200")
	answer.WriteJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + r.Host + "/" + e.tenantID + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []string{r.Host},
		}},
	})
}

// token answers the client credentials grant.
func (e *Entra) token(w http.ResponseWriter, r *http.Request) {
	if e.faults.DrawForToken().Kind != "" {
		e.judge.Call(OAuth2Path, "fault "+string(faults.Token503))
		answer.WriteJSON(w, http.StatusServiceUnavailable, map[string]any{"error": "temporarily_unavailable"})
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
		if token, err = e.issue(audience, e.enter(r)); err != nil {
			failure = &refusal{status: http.StatusInternalServerError, name: "server_error", code: 90033, text: "A transient error has occurred. Please try again."}
		}
	}
	e.mu.Unlock()
	if failure != nil {
		e.refuse(w, r, failure)
		return
	}
	e.judge.Call(r.Pattern, "200")
	seconds := int(e.lifetime / time.Second)
	w.Header().Set("Cache-Control", "no-store, no-cache")
	answer.WriteJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token,
	})
}

// checkGrant returns the audience that the form asks for. The caller holds e.mu.
func (e *Entra) checkGrant(r *http.Request) (string, *refusal) {
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
	if failure := e.checkProof(r); failure != nil {
		return "", failure
	}
	return audience, nil
}

// checkProof checks what the client proves itself with. The caller holds e.mu.
func (e *Entra) checkProof(r *http.Request) *refusal {
	form := r.PostForm
	secret, assertion := form.Get("client_secret"), form.Get("client_assertion")
	switch {
	case assertion != "" && form.Get("client_assertion_type") != assertionType:
		return missingParameter("client_assertion_type")
	case assertion != "":
		return e.checkAssertion(assertion, "https://"+r.Host+r.URL.Path)
	case secret == "":
		return missingCredential()
	case !e.registered.knows(secret):
		return wrongSecret(e.clientID)
	case e.registered.expired:
		return expiredSecret(e.clientID)
	default:
		return nil
	}
}

func (e *Entra) checkTenant(tenant string) *refusal {
	if strings.EqualFold(tenant, e.tenantID) {
		return nil
	}
	return unknownTenant(tenant)
}

// checkScope takes one `<resource>/.default` beside the three OpenID scopes that MSAL always adds.
func (e *Entra) checkScope(scope string) (string, *refusal) {
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
	if !slices.Contains(resources, resource) {
		return "", unknownResource(resource, e.tenantID)
	}
	return resource, nil
}
