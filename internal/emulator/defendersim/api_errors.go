package defendersim

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// apiError is an error of a hunting API before it is put into the API's envelope.
type apiError struct {
	status     int
	code       string
	message    string
	proxy      bool          // the answer is the proxy's page for the status, without an envelope
	retryAfter time.Duration // 0: no Retry-After header
	location   string        // empty: no Location header
	outcome    string        // what the report calls it; empty: the status
}

func (e *apiError) label() string {
	if e.outcome != "" {
		return e.outcome
	}
	return strconv.Itoa(e.status)
}

// Texts of the service that clients have to tell apart.
const (
	textResultSize = "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again."
	textPreempted  = "Query execution has exceeded the allowed limits. The query execution was preempted. " +
		"This could possibly be due to high CPU and/or memory resource consumption. Optimize your query by following best practices and try again."
	textTokenExpired = "Lifetime validation failed, the token is expired."
	textTimeout      = "Query exceeded the timeout period. Optimize your query by following best practices and try again."
)

// proxyPages are what a proxy before the service answers, by status.
var proxyPages = map[int]string{
	http.StatusRequestEntityTooLarge: "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n" +
		"<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
	http.StatusBadGateway: "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n" +
		"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
}

func badRequest(message, outcome string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "BadRequest", message: message, outcome: outcome}
}

func unauthorized(message string) *apiError {
	return &apiError{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: message}
}

func resultTooLarge() *apiError { return badRequest(textResultSize, "400 result size") }
func preempted() *apiError      { return badRequest(textPreempted, "400 preempted") }
func timedOut() *apiError       { return badRequest(textTimeout, "400 timeout") }

func bodyTooLarge() *apiError {
	return &apiError{status: http.StatusRequestEntityTooLarge, proxy: true}
}

// unknownFailure is the service's answer where it has nothing to say.
func unknownFailure(status int) *apiError {
	return &apiError{status: status, code: "UnknownError"}
}

func tooManyCalls(maximum int, window, retryAfter time.Duration) *apiError {
	return &apiError{
		status: http.StatusTooManyRequests, code: "TooManyRequests", outcome: "429 calls", retryAfter: retryAfter,
		message: fmt.Sprintf("API calls quota exceeded! maximum allowed %d per %s", maximum, clockDuration(window)),
	}
}

func tooMuchCPU(wait time.Duration) *apiError {
	return &apiError{
		status: http.StatusTooManyRequests, code: "TooManyRequests", outcome: "429 CPU",
		message: "You have exceeded processing resources allocated to this tenant. You can run queries again in " + clockDuration(wait) + ".",
	}
}

// clockDuration writes d as hh:mm:ss.
func clockDuration(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// write sends e in api's envelope.
func (a *api) writeError(w http.ResponseWriter, c *exchange, e *apiError) {
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.retryAfter+time.Second-1)/time.Second)))
	}
	if e.location != "" {
		w.Header().Set("Location", e.location)
	}
	if e.proxy {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, proxyPages[e.status])
		return
	}
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="", error="invalid_token"`)
	}
	writeJSON(w, e.status, map[string]any{"error": a.envelope(e, c)})
}

func graphError(e *apiError, c *exchange) any {
	return map[string]any{
		"code": e.code, "message": e.message,
		"innerError": map[string]any{
			"date": c.start.UTC().Format("2006-01-02T15:04:05"), "request-id": c.requestID, "client-request-id": c.clientRequestID,
		},
	}
}

// legacyError has the correlation id as target, and for calls over quota the code that was seen there.
func legacyError(e *apiError, c *exchange) any {
	code := e.code
	switch {
	case e.status == http.StatusTooManyRequests && e.retryAfter > 0:
		code = "429"
	case e.status == http.StatusUnauthorized:
		code = "Unauthorized"
	}
	return map[string]any{"code": code, "message": e.message, "target": c.requestID}
}
