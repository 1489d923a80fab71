package entra

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
)

// IdentityPath is the path of a virtual machine's metadata service; App Service's endpoint has any.
const IdentityPath = "/metadata/identity/oauth2/token"

// Identity is the endpoint from which a machine of Azure's gets tokens of its managed identity. App Service's form asks
// for secret in a header, the metadata service's for `Metadata: true` at IdentityPath.
func (e *Entra) Identity(secret string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		outcome := "200"
		defer func() { e.judge.Call("GET "+IdentityPath, outcome) }()
		refuse := func(status int, name, text string) {
			outcome = strconv.Itoa(status) + " " + name
			answer.WriteJSON(w, status, map[string]any{"error": name, "error_description": text})
		}
		query := r.URL.Query()
		appService := r.Header.Get("X-IDENTITY-HEADER") == secret
		machine := r.URL.Path == IdentityPath && r.Header.Get("Metadata") == "true"
		resource := strings.TrimSuffix(query.Get("resource"), "/")
		switch {
		case !appService && !machine:
			refuse(http.StatusUnauthorized, "unauthorized", "The request does not come from this machine's identity.")
		case query.Get("api-version") == "":
			refuse(http.StatusBadRequest, "invalid_request", "Required query variable 'api-version' is missing")
		case resource != AudienceGraph && resource != AudienceLegacy && resource != AudienceStorage:
			refuse(http.StatusBadRequest, "invalid_resource", "AADSTS500011: The resource principal named "+resource+" was not found in the tenant.")
		case query.Has("client_id") && !strings.EqualFold(query.Get("client_id"), e.clientID):
			refuse(http.StatusBadRequest, "invalid_request", "Identity not found")
		default:
			e.grantIdentity(w, resource)
		}
	})
}

func (e *Entra) grantIdentity(w http.ResponseWriter, resource string) {
	// An identity's client declares nothing, so its tokens are not challenged but refused. Those given anew are good.
	token, err := e.renew(resource)
	if err != nil {
		answer.WriteJSON(w, http.StatusInternalServerError, map[string]any{"error": "server_error"})
		return
	}
	answer.WriteJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "access_token": token, "resource": resource, "client_id": e.clientID,
		// By the machine's clock, which the client goes by.
		"expires_on": strconv.FormatInt(time.Now().Add(e.lifetime).Unix(), 10),
	})
}
