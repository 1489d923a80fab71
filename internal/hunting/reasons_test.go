package hunting

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	nginx502 = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center>nginx</center></body></html>"
	nginx413 = "<html><head><title>413 Request Entity Too Large</title></head></html>"
	unknown  = `{"error":{"code":"UnknownError","message":"","innerError":{"date":"2020-08-18T12:51:51","request-id":"r-1","client-request-id":"c-1"}}}`
)

// The bodies are those that Microsoft or its users have published.
func TestRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		api    API
		status int
		body   string
		want   Error
	}{
		"calls per minute": {
			Legacy, 429, `{"error":{"code":"429","message":"API calls quota exceeded! maximum allowed 45 per 00:01:00","target":"t-1"}}`,
			Error{Kind: RateLimited, Code: "429", Message: "API calls quota exceeded! maximum allowed 45 per 00:01:00", RequestID: "t-1"},
		},
		"calls per hour": {
			Legacy, 429, `{"error":{"code":"429","message":"API calls quota exceeded! maximum allowed 1500 per 01:00:00","target":"t-1"}}`,
			Error{Kind: RateLimited, Code: "429", Message: "API calls quota exceeded! maximum allowed 1500 per 01:00:00", RequestID: "t-1"},
		},
		"CPU": {
			Graph, 429, `{"error":{"code":"TooManyRequests","message":"You have exceeded processing resources allocated to this tenant. You can run queries again in 00:05:00."}}`,
			Error{Kind: CPULimited, Code: "TooManyRequests", Message: "You have exceeded processing resources allocated to this tenant. You can run queries again in 00:05:00."},
		},
		"Graph throttling": {
			Graph, 429, `{"error":{"code":"TooManyRequests","innerError":{"code":"429","date":"2020-08-18T12:51:51","message":"Please retry after","request-id":"r-1","status":"429"},"message":"Please retry again later."}}`,
			Error{Kind: RateLimited, Code: "TooManyRequests", Message: "Please retry again later.", RequestID: "r-1"},
		},
		"Graph, other services": {
			Graph, 429, `{"error":{"code":"TooManyRequests","message":"Too many requests.","innererror":{"request-id":"r-1"}}}`,
			Error{Kind: RateLimited, Code: "TooManyRequests", Message: "Too many requests.", RequestID: "r-1"},
		},
		"result too large": {
			Graph, 400, `{"error":{"code":"BadRequest","message":"Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again."}}`,
			Error{Kind: TooLarge, Code: "BadRequest", Message: "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again."},
		},
		"result too large, other words": {
			Legacy, 400, `{"error":{"code":"BadRequest","message":"Query execution has EXCEEDED the allowed result size. Optimize your query by limiting the amount of results and try again."}}`,
			Error{Kind: TooLarge, Code: "BadRequest", Message: "Query execution has EXCEEDED the allowed result size. Optimize your query by limiting the amount of results and try again."},
		},
		"too heavy": {
			Graph, 400, `{"error":{"code":"BadRequest","message":"Query execution has exceeded the allowed limits. The query execution was preempted. This could possibly be due to high CPU and/or memory resource consumption. Optimize your query by following best practices and try again."}}`,
			Error{Kind: TooHeavy, Code: "BadRequest", Message: "Query execution has exceeded the allowed limits. The query execution was preempted. This could possibly be due to high CPU and/or memory resource consumption. Optimize your query by following best practices and try again."},
		},
		"unknown column": {
			Graph, 400, `{"error":{"code":"BadRequest","message":"'project' operator: Failed to resolve scalar expression named 'x'. Fix semantic errors in your query."}}`,
			Error{Kind: UnknownColumn, Code: "BadRequest", Message: "'project' operator: Failed to resolve scalar expression named 'x'. Fix semantic errors in your query."},
		},
		"unknown table": {
			Graph, 400, `{"error":{"code":"BadRequest","message":"'where' operator: Failed to resolve table or column expression named 'DeviceProcessEvents'. Fix semantic errors in your query.","innerError":{"request-id":"r-1"}}}`,
			Error{Kind: UnknownTable, Code: "BadRequest", Message: "'where' operator: Failed to resolve table or column expression named 'DeviceProcessEvents'. Fix semantic errors in your query.", RequestID: "r-1"},
		},
		"syntax": {
			Graph, 400, `{"error":{"code":"BadRequest","message":"A recognition error occurred. Fix syntax errors in your query."}}`,
			Error{Kind: BadQuery, Code: "BadRequest", Message: "A recognition error occurred. Fix syntax errors in your query."},
		},
		"missing role": {
			Graph, 403, `{"error":{"code":"Forbidden","message":"Missing application roles. API required roles: ThreatHunting.Read.All, application roles: User.Read.All."}}`,
			Error{Kind: Forbidden, Code: "Forbidden", Message: "Missing application roles. API required roles: ThreatHunting.Read.All, application roles: User.Read.All."},
		},
		"expired token": {
			Graph, 401, `{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed, the token is expired."}}`,
			Error{Kind: Unauthorized, Code: "InvalidAuthenticationToken", Message: "Lifetime validation failed, the token is expired."},
		},
		"malformed token":        {Graph, 401, `{"error":{"code":"","message":"Access token is missing or malformed."}}`, Error{Kind: Unauthorized, Message: "Access token is missing or malformed."}},
		"disabled feature":       {Legacy, 403, `{"error":{"code":"DisabledFeature","message":"m","target":"t-1"}}`, Error{Kind: Forbidden, Code: "DisabledFeature", Message: "m", RequestID: "t-1"}},
		"gateway timeout":        {Graph, 504, unknown, Error{Kind: TooHeavy, Code: "UnknownError", RequestID: "r-1"}},
		"random failure":         {Graph, 500, unknown, Error{Kind: Transient, Code: "UnknownError", RequestID: "r-1"}},
		"too big for a proxy":    {Graph, 502, nginx502, Error{Kind: TooLarge, Message: "an HTML page: 502 Bad Gateway"}},
		"bad gateway as JSON":    {Graph, 502, unknown, Error{Kind: Transient, Code: "UnknownError", RequestID: "r-1"}},
		"request too large":      {Graph, 413, nginx413, Error{Kind: TooLarge, Message: "an HTML page: 413 Request Entity Too Large"}},
		"wrong case":             {Legacy, 400, `{"error":{"code":"InvalidRequestBody","message":"Request body is incorrect","target":"t-1"}}`, Error{Kind: BadQuery, Code: "InvalidRequestBody", Message: "Request body is incorrect", RequestID: "t-1"}},
		"timeout text":           {Graph, 400, `{"error":{"code":"BadRequest","message":"Query exceeded the timeout period."}}`, Error{Kind: TooHeavy, Code: "BadRequest", Message: "Query exceeded the timeout period."}},
		"legacy retired":         {Legacy, 410, ``, Error{Kind: Retired}},
		"legacy gone":            {Legacy, 404, `{"error":{"code":"ResourceNotFound","message":"gone"}}`, Error{Kind: Retired, Code: "ResourceNotFound", Message: "gone"}},
		"wrong endpoint":         {Graph, 404, `not found`, Error{Kind: BadQuery, Message: "not found"}},
		"gateway's own JSON":     {Legacy, 503, `{"statusCode":503,"message":"Service Unavailable"}`, Error{Kind: Transient, Message: "Service Unavailable"}},
		"error that is text":     {Graph, 400, `{"error":"invalid"}`, Error{Kind: BadQuery, Message: "invalid"}},
		"numeric code":           {Graph, 429, `{"error":{"code":429,"message":null}}`, Error{Kind: RateLimited, Code: "429"}},
		"odd inner error":        {Graph, 429, `{"error":{"code":"429","innerError":[],"message":"m"}}`, Error{Kind: RateLimited, Code: "429", Message: "m"}},
		"empty":                  {Graph, 503, ``, Error{Kind: Transient}},
		"a status of no refusal": {Graph, 204, ``, Error{Kind: Transient}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newTestClient(t, tt.api, answering(tt.status, nil, tt.body)).Query(t.Context(), "T", nil)
			var got *Error
			require.ErrorAs(t, err, &got)
			tt.want.Status = tt.status
			assert.Equal(t, &tt.want, got)
		})
	}
}

func TestEveryReasonSaysWhy(t *testing.T) {
	for _, r := range reasons {
		assert.NotEmpty(t, r.why)
		for _, text := range r.texts {
			assert.Equal(t, strings.ToLower(text), text, "texts are compared in lower case")
		}
	}
}

func TestRetryAfterIsGivenAsTheServiceAsks(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"10":                            10 * time.Second,
		"7200":                          2 * time.Hour, // the caller caps it
		"Sun, 01 Mar 2026 12:01:30 GMT": 90 * time.Second,
		"":                              0,
	} {
		header := http.Header{"Retry-After": {value}, "Date": {"Sun, 01 Mar 2026 12:00:00 GMT"}}
		_, err := newTestClient(t, Graph, answering(http.StatusTooManyRequests, header, "")).Query(t.Context(), "T", nil)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, want, e.RetryAfter, value)
	}
}

func TestAnErrorInsideA200IsAnError(t *testing.T) {
	for body, want := range map[string]Kind{
		`{"error":{"code":"TooManyRequests","message":"slow down"}}`:                                   RateLimited,
		`{"error":{"code":"BadRequest","message":"exceeded the allowed result size"}}`:                 TooLarge,
		`{"error":{"code":"Forbidden","message":"no"},"results":[]}`:                                   Forbidden,
		`{"results":[{"A":1}],"error":{"code":"InternalServerError","message":"the cursor was lost"}}`: Transient,
		`{"Results":[],"Error":{"code":"BadRequest","message":"no"}}`:                                  BadQuery,
		`{"results":[],"error":"broken"}`:                                                              Transient,
	} {
		_, _, err := read(t, body)
		assert.Equal(t, want, kindOf(t, err), body)
	}
	_, _, err := read(t, `{"error":null,"results":[]}`)
	require.NoError(t, err)
}

func FuzzRefusal(f *testing.F) {
	for _, seed := range []string{nginx502, unknown, `{"error":{"code":1,"innerError":[]}}`, `{"error":[`, "\xff", "null", "[]"} {
		f.Add(400, seed)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status == http.StatusOK || status == http.StatusUnauthorized || status < 100 || status > 999 {
			return // these have ways of their own
		}
		client := newTestClient(t, Legacy, answering(status, http.Header{"Retry-After": {body}}, body))
		_, err := client.Query(t.Context(), "T", nil)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.NotContains(t, err.Error(), "token-1")
		assert.NotContains(t, err.Error(), "\n")
		assert.GreaterOrEqual(t, e.RetryAfter, time.Duration(0))
		assert.NotEqual(t, "unknown", e.Kind.String())
	})
}
