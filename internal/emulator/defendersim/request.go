package defendersim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

// readBody returns the request's body unless it is larger than the proxy in front of the API takes.
func (a *api) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *apiError) {
	if limit := a.server.limits.MaxRequestBytes; limit > 0 {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, bodyTooLarge()
	case err != nil:
		return nil, badRequest("The request body could not be read.", "")
	}
	return body, nil
}

// graphRequest reads a body of Graph, which has been seen to accept keys in any case.
func (a *api) graphRequest(body []byte) (query string, span *engine.Range, failure *apiError) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return "", nil, badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.", "")
	}
	var timespan string
	for name, value := range fields {
		var err error
		switch strings.ToLower(name) {
		case "query":
			err = json.Unmarshal(value, &query)
		case "timespan":
			err = json.Unmarshal(value, &timespan)
		case "workspaceid":
		default:
			return "", nil, badRequest("The parameter '"+name+"' in the request payload is not a valid parameter for the operation 'runHuntingQuery'.", "")
		}
		if err != nil {
			return "", nil, badRequest("Cannot convert the value of '"+name+"' to the expected type 'Edm.String'.", "")
		}
	}
	if strings.TrimSpace(query) == "" {
		return "", nil, badRequest("The request must contain a non-empty 'Query'.", "")
	}
	ticks, err := parseTimespan(timespan, a.server.now())
	if err != nil {
		return "", nil, badRequest("Invalid Timespan: "+err.Error()+".", "")
	}
	return query, &ticks, nil
}

// legacyRequest reads a body of the legacy API, whose keys are case-sensitive and which knows no Timespan.
func (a *api) legacyRequest(body []byte) (query string, span *engine.Range, failure *apiError) {
	var fields map[string]any
	err := json.Unmarshal(body, &fields)
	query, _ = fields["Query"].(string)
	if err != nil || strings.TrimSpace(query) == "" {
		return "", nil, &apiError{
			status: http.StatusBadRequest, code: "InvalidRequestBody", message: "Request body is incorrect", outcome: "400 body",
		}
	}
	return query, nil, nil
}
