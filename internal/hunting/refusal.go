package hunting

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// maxRefusalBytes is what is read of a refusal's body.
const maxRefusalBytes = 64 << 10

// refusal reads an answer other than 200.
func (c *Client) refusal(r *Rows) *Error {
	// What could be read of a body that breaks off is still worth having.
	text, _ := io.ReadAll(io.LimitReader(r.body, maxRefusalBytes))
	a := parseRefusal(text)
	a.status, a.location = r.resp.StatusCode, r.resp.Header.Get("Location")
	e := r.refusalError(a)
	e.RetryAfter = refusal.RetryAfter(r.resp.Header, c.cfg.Now())
	e.claims = challenge(r.resp.Header)
	if e.Kind == Unauthorized && c.cfg.Tokens == nil {
		e.Advice = "look at the extension that 'auth' names: the service does not accept what it authenticates with"
	}
	return e
}

// refusalError makes the error of a refusal, whatever the status it came with.
func (r *Rows) refusalError(a refused) *Error {
	a.api, a.of, a.host, a.asked = r.api, r.of, r.host, r.row.keys.has
	e := &Error{
		of: r.of, Status: r.resp.StatusCode,
		Code:      refusal.Text(a.code, r.token),
		Message:   refusal.Text(a.message, r.token),
		RequestID: refusal.Text(a.requestID, r.token),
	}
	if e.RequestID == "" {
		e.RequestID = refusal.Text(r.resp.Header.Get("request-id"), r.token)
	}
	a.judge(e)
	if e.Kind == Forbidden && r.tokens != nil {
		// A permission that is granted now stands in new tokens only.
		r.tokens.Invalidate(r.token)
	}
	return e
}

// text is a JSON string, or another scalar's text: codes come as numbers too.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	*t = text(s)
	return nil
}

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
