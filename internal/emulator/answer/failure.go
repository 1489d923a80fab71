// Package answer emulates what the APIs answer when they give no result: status, code and text in the service's words, in
// the envelope of Graph or of the legacy API, with the headers that say when to come again. Pages of the proxy before the
// service are among them.
//
// Only those texts are the service's by which a client can tell failures apart. The other ones are near to them, and
// inner errors have no details.
package answer

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Failure is an error of an API before it is put into the API's envelope.
type Failure struct {
	Status     int
	Code       string
	Message    string
	Proxy      bool          // the answer is the proxy's page for the status, without an envelope
	RetryAfter time.Duration // 0: no Retry-After header
	Location   string        // empty: no Location header
	Challenge  string        // of a 401: WWW-Authenticate; empty: the token is invalid
	Outcome    string        // what the report calls it; empty: the status
}

// Label is what the report calls the failure.
func (e *Failure) Label() string {
	if e.Outcome != "" {
		return e.Outcome
	}
	return strconv.Itoa(e.Status)
}

// CPUCycle is the time for which CPU is counted.
const CPUCycle = 15 * time.Minute

// Texts of the service that clients have to tell apart.
const (
	textResultSize = "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again."
	textPreempted  = "Query execution has exceeded the allowed limits. The query execution was preempted. " +
		"This could possibly be due to high CPU and/or memory resource consumption. Optimize your query by following best practices and try again."
	// TextTokenExpired is what the service says of a token whose time is over.
	TextTokenExpired = "Lifetime validation failed, the token is expired."
	textTimeout      = "Query exceeded the timeout period. Optimize your query by following best practices and try again."
)

// proxyPages are what a proxy before the service answers, by status.
var proxyPages = map[int]string{
	http.StatusRequestEntityTooLarge: "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n" +
		"<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
	http.StatusBadGateway: "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n" +
		"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
}

// BadRequest is a 400; outcome may be empty.
func BadRequest(message, outcome string) *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "BadRequest", Message: message, Outcome: outcome}
}

// Unauthorized is a 401 for a token.
func Unauthorized(message string) *Failure {
	return &Failure{Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken", Message: message}
}

// ResultTooLarge is the 400 for a result that the size limit does not allow.
func ResultTooLarge() *Failure { return BadRequest(textResultSize, "400 result size") }

// Preempted is the 400 for a query that used too much CPU or memory.
func Preempted() *Failure { return BadRequest(textPreempted, "400 preempted") }

// TimedOut is the 400 for a query that ran too long.
func TimedOut() *Failure { return BadRequest(textTimeout, "400 timeout") }

// BodyTooLarge is the proxy's 413.
func BodyTooLarge() *Failure {
	return &Failure{Status: http.StatusRequestEntityTooLarge, Proxy: true}
}

// Unknown is the service's answer where it has nothing to say.
func Unknown(status int) *Failure {
	return &Failure{Status: status, Code: "UnknownError"}
}

// TooManyCalls is the 429 for calls over the quota.
func TooManyCalls(maximum int, window, retryAfter time.Duration) *Failure {
	return &Failure{
		Status: http.StatusTooManyRequests, Code: "TooManyRequests", Outcome: "429 calls", RetryAfter: retryAfter,
		Message: fmt.Sprintf("API calls quota exceeded! maximum allowed %d per %s", maximum, ClockDuration(window)),
	}
}

// TooMuchCPU is the 429 for CPU over the quota, until wait has passed.
func TooMuchCPU(wait time.Duration) *Failure {
	return &Failure{
		Status: http.StatusTooManyRequests, Code: "TooManyRequests", Outcome: "429 CPU",
		Message: "You have exceeded processing resources allocated to this tenant. You can run queries again in " + ClockDuration(wait) + ".",
	}
}

// ClockDuration writes d as hh:mm:ss.
func ClockDuration(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Call is what an error's envelope says of the call.
type Call struct {
	Start                      time.Time
	RequestID, ClientRequestID string
}

// Envelope is what an API writes under the key "error".
type Envelope func(*Failure, Call) any

// Write sends e in an API's envelope.
func (e *Failure) Write(w http.ResponseWriter, c Call, envelope Envelope) {
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	if e.Location != "" {
		w.Header().Set("Location", e.Location)
	}
	if e.Proxy {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(e.Status)
		_, _ = io.WriteString(w, proxyPages[e.Status])
		return
	}
	if e.Status == http.StatusUnauthorized {
		challenge := e.Challenge
		if challenge == "" {
			challenge = `Bearer realm="", error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	WriteJSON(w, e.Status, map[string]any{"error": envelope(e, c)})
}

// WriteJSON sends a small body.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that went away needs no answer
}

// GraphEnvelope is Microsoft Graph's.
func GraphEnvelope(e *Failure, c Call) any {
	return map[string]any{
		"code": e.Code, "message": e.Message,
		"innerError": map[string]any{
			"date": c.Start.UTC().Format("2006-01-02T15:04:05"), "request-id": c.RequestID, "client-request-id": c.ClientRequestID,
		},
	}
}

// LegacyEnvelope is that of the legacy API. It has the correlation id as target, and for calls over quota the code that was seen there.
func LegacyEnvelope(e *Failure, c Call) any {
	code := e.Code
	switch {
	case e.Status == http.StatusTooManyRequests && e.RetryAfter > 0:
		code = "429"
	case e.Status == http.StatusUnauthorized:
		code = "Unauthorized"
	}
	return map[string]any{"code": code, "message": e.Message, "target": c.RequestID}
}
