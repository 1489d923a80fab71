package hunting

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// errorObject is the value of "error" in both envelopes. encoding/json takes innerError in any case.
type errorObject struct {
	Code       text `json:"code"`
	Message    text `json:"message"`
	Target     text `json:"target"` // legacy: the correlation id
	InnerError struct {
		Message   text `json:"message"`
		RequestID text `json:"request-id"`
	} `json:"innerError"`
}

// parseRefusal reads a refusal's body, which a gateway may have written instead of the API.
func parseRefusal(body []byte) refused {
	var envelope struct {
		Error   json.RawMessage `json:"error"`
		Message text            `json:"message"` // API gateways write no envelope
	}
	body = bytes.TrimSpace(body)
	switch err := json.Unmarshal(body, &envelope); {
	case err == nil && len(envelope.Error) > 0 && string(envelope.Error) != "null":
		return parseErrorObject(envelope.Error)
	case err == nil:
		return refused{form: jsonForm, message: string(envelope.Message)}
	case bytes.HasPrefix(body, []byte("<")):
		return refused{form: pageForm, message: htmlTitle(body)}
	default:
		return refused{message: string(body)}
	}
}

func parseErrorObject(value []byte) refused {
	var o errorObject
	// An inner error of another form leaves the rest readable.
	if err := json.Unmarshal(value, &o); err != nil && !bytes.HasPrefix(value, []byte("{")) {
		var t text
		_ = t.UnmarshalJSON(value)
		return refused{form: errorForm, message: string(t)}
	}
	a := refused{form: errorForm, code: string(o.Code), message: string(o.Message), requestID: string(o.InnerError.RequestID)}
	if a.message == "" {
		a.message = string(o.InnerError.Message)
	}
	if a.requestID == "" {
		a.requestID = string(o.Target)
	}
	return a
}

var title = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

func htmlTitle(page []byte) string {
	if m := title.FindSubmatch(page); m != nil {
		return "an HTML page: " + strings.TrimSpace(string(m[1]))
	}
	return "an HTML page"
}

// statusOfCode is the status that an error inside a 200 stands for, or 500 when its code tells none.
func statusOfCode(code string) int {
	if n, err := strconv.Atoi(code); err == nil && n >= 400 && n < 600 {
		return n
	}
	switch strings.ToLower(code) {
	case "toomanyrequests":
		return http.StatusTooManyRequests
	case "badrequest", "invalidrequestbody":
		return http.StatusBadRequest
	case "unauthorized", "invalidauthenticationtoken":
		return http.StatusUnauthorized
	case "forbidden", "authorization_requestdenied":
		return http.StatusForbidden
	case "gatewaytimeout":
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}
