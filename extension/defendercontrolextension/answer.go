package defendercontrolextension

import (
	"encoding/json"
	"net/http"
	"strings"
)

// refusal is why a request is refused.
type refusal string

func (r refusal) Error() string { return string(r) }

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // the client has gone
}

// fail answers with an error: in JSON to the API's users, else in plain text.
func fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		writeJSON(w, status, map[string]string{"error": err.Error()})
		return
	}
	http.Error(w, err.Error(), status)
}
