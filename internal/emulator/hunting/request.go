package hunting

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

// readBody returns the request's body unless it is larger than the proxy in front of the API takes.
func (a *API) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *answer.Failure) {
	if limit := a.Limits.MaxRequestBytes; limit > 0 {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, answer.BodyTooLarge()
	case err != nil:
		return nil, answer.BadRequest("The request body could not be read.", "")
	}
	return body, nil
}

// graphRequest reads a body of Graph, which has been seen to accept keys in any case.
func (a *API) graphRequest(body []byte) (query string, span *engine.Range, failure *answer.Failure) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return "", nil, answer.BadRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.", "")
	}
	var timespan string
	for name, given := range fields {
		var err error
		switch strings.ToLower(name) {
		case "query":
			err = json.Unmarshal(given, &query)
		case "timespan":
			err = json.Unmarshal(given, &timespan)
		case "workspaceid":
		default:
			return "", nil, answer.BadRequest("The parameter '"+name+"' in the request payload is not a valid parameter for the operation 'runHuntingQuery'.", "")
		}
		if err != nil {
			return "", nil, answer.BadRequest("Cannot convert the value of '"+name+"' to the expected type 'Edm.String'.", "")
		}
	}
	if strings.TrimSpace(query) == "" {
		return "", nil, answer.BadRequest("The request must contain a non-empty 'Query'.", "")
	}
	ticks, err := parseTimespan(timespan, a.Now())
	if err != nil {
		return "", nil, answer.BadRequest("Invalid Timespan: "+err.Error()+".", "")
	}
	return query, &ticks, nil
}

// legacyRequest reads a body of the legacy API, whose keys are case-sensitive and which knows no Timespan.
func (a *API) legacyRequest(body []byte) (query string, span *engine.Range, failure *answer.Failure) {
	var fields map[string]any
	err := json.Unmarshal(body, &fields)
	query, _ = fields["Query"].(string)
	if err != nil || strings.TrimSpace(query) == "" {
		return "", nil, &answer.Failure{
			Status: http.StatusBadRequest, Code: "InvalidRequestBody", Message: "Request body is incorrect", Outcome: "400 body",
		}
	}
	return query, nil, nil
}
