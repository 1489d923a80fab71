package entra

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
)

// The paths of Entra ID, under which the report counts their calls.
const (
	OAuth2Path    = "POST /{tenant}/oauth2/v2.0/token"
	discoveryPath = "GET /{tenant}/v2.0/.well-known/openid-configuration"
	instancePath  = "GET /common/discovery/instance"
)

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
	audience, failure := e.checkGrant(r)
	if failure != nil {
		e.refuse(w, r, failure)
		return
	}
	token, err := e.grant(audience, r.PostForm.Get("claims"))
	if err != nil {
		e.refuse(w, r, transientTrouble())
		return
	}
	e.judge.Call(r.Pattern, "200")
	seconds := int(e.lifetime / time.Second)
	w.Header().Set("Cache-Control", "no-store, no-cache")
	answer.WriteJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token,
	})
}

// checkGrant returns the audience that the form asks for.
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

// checkProof checks what the client proves itself with.
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
	default:
		return e.checkSecret(secret)
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

// refuse writes f in Entra ID's envelope.
func (e *Entra) refuse(w http.ResponseWriter, r *http.Request, f *refusal) {
	stamp := e.now().UTC().Format("2006-01-02 15:04:05Z")
	trace, correlation := uuid.NewString(), r.Header.Get("client-request-id")
	if correlation == "" {
		correlation = uuid.NewString()
	}
	e.judge.Call(r.Pattern, fmt.Sprintf("%d AADSTS%d", f.status, f.code))
	answer.WriteJSON(w, f.status, map[string]any{
		"error": f.name,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			f.code, f.text, trace, correlation, stamp),
		"error_codes":    []int{f.code},
		"timestamp":      stamp,
		"trace_id":       trace,
		"correlation_id": correlation,
		"error_uri":      "https://" + r.Host + "/error?code=" + strconv.Itoa(f.code),
	})
}
