package hunting

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
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
			Error{Kind: UnknownColumn, Code: "BadRequest", Name: "x", Message: "'project' operator: Failed to resolve scalar expression named 'x'. Fix semantic errors in your query."},
		},
		"unknown table": {
			Graph, 400, `{"error":{"code":"BadRequest","message":"'where' operator: Failed to resolve table or column expression named 'DeviceProcessEvents'. Fix semantic errors in your query.","innerError":{"request-id":"r-1"}}}`,
			Error{Kind: UnknownTable, Code: "BadRequest", Name: "DeviceProcessEvents", Message: "'where' operator: Failed to resolve table or column expression named 'DeviceProcessEvents'. Fix semantic errors in your query.", RequestID: "r-1"},
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
		"gateway timeout":        {Graph, 504, unknown, Error{Kind: Transient, MaybeSize: true, Code: "UnknownError", RequestID: "r-1"}},
		"random failure":         {Graph, 500, unknown, Error{Kind: Transient, Code: "UnknownError", RequestID: "r-1"}},
		"too big for a proxy":    {Graph, 502, nginx502, Error{Kind: Transient, MaybeSize: true, Message: "an HTML page: 502 Bad Gateway"}},
		"bad gateway as JSON":    {Graph, 502, unknown, Error{Kind: Transient, MaybeSize: true, Code: "UnknownError", RequestID: "r-1"}},
		"request too large":      {Graph, 413, nginx413, Error{Kind: Transient, MaybeSize: true, Message: "an HTML page: 413 Request Entity Too Large"}},
		"wrong case":             {Legacy, 400, `{"error":{"code":"InvalidRequestBody","message":"Request body is incorrect","target":"t-1"}}`, Error{Kind: BadQuery, Code: "InvalidRequestBody", Message: "Request body is incorrect", RequestID: "t-1"}},
		"timeout text":           {Graph, 400, `{"error":{"code":"BadRequest","message":"Query exceeded the timeout period."}}`, Error{Kind: TooHeavy, Code: "BadRequest", Message: "Query exceeded the timeout period."}},
		"legacy retired":         {Legacy, 410, ``, Error{Kind: Retired}},
		"legacy gone":            {Legacy, 404, `{"error":{"code":"ResourceNotFound","message":"gone"}}`, Error{Kind: Retired, Code: "ResourceNotFound", Message: "gone"}},
		"wrong endpoint":         {Graph, 404, `not found`, Error{Kind: Unexpected, Message: "not found"}},
		"gateway's own JSON":     {Legacy, 503, `{"statusCode":503,"message":"Service Unavailable"}`, Error{Kind: Transient, Message: "Service Unavailable"}},
		"error that is text":     {Graph, 400, `{"error":"invalid"}`, Error{Kind: BadQuery, Message: "invalid"}},
		"numeric code":           {Graph, 429, `{"error":{"code":429,"message":null}}`, Error{Kind: RateLimited, Code: "429"}},
		"odd inner error":        {Graph, 429, `{"error":{"code":"429","innerError":[],"message":"m"}}`, Error{Kind: RateLimited, Code: "429", Message: "m"}},
		"empty":                  {Graph, 503, ``, Error{Kind: Transient}},
		"a status of no refusal": {Graph, 204, ``, Error{Kind: Unexpected}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newTestClient(t, tt.api, answering(tt.status, nil, tt.body)).Query(t.Context(), "T", nil)
			var got *Error
			require.ErrorAs(t, err, &got)
			tt.want.Status = tt.status
			tt.want.Advice = got.Advice // TestAdvice
			assert.Equal(t, &tt.want, got)
		})
	}
}

func TestEveryReasonSaysWhy(t *testing.T) {
	for _, r := range slices.Concat(reasons, listReasons) {
		assert.NotEmpty(t, r.why)
		for _, text := range r.texts {
			assert.Equal(t, strings.ToLower(text), text, "texts are compared in lower case")
		}
	}
}

// refusalOf is the error of a query that is answered so. The query names the columns SHA256 and Timestamp.
func refusalOf(tb testing.TB, api API, status int, header http.Header, body string) *Error {
	tb.Helper()
	client := newTestClient(tb, api, answering(status, header, body))
	rows, err := client.Query(tb.Context(), "T", []tables.Column{{Name: "SHA256"}, {Name: "Timestamp"}})
	if err == nil {
		defer rows.Close()
		_, err = drain(rows)
	}
	var e *Error
	require.ErrorAs(tb, err, &e)
	return e
}

// A name that the engine does not know is found in each of its wordings.
func TestNamesThatTheServiceDoesNotKnow(t *testing.T) {
	for message, want := range map[string]struct {
		kind Kind
		name string
	}{
		"'project' operator: Failed to resolve scalar expression named 'SHA256'":                      {UnknownColumn, "SHA256"},
		"'where' operator: failed to resolve column or scalar expression named 'SHA256'.":             {UnknownColumn, "SHA256"},
		"FAILED TO RESOLVE SCALAR EXPRESSION NAMED 'SHA256'":                                          {UnknownColumn, "SHA256"},
		`Failed to resolve scalar expression named "SHA256". Fix semantic errors in your query.`:      {UnknownColumn, "SHA256"},
		"Failed to resolve scalar expression named \u2018SHA256\u2019":                                {UnknownColumn, "SHA256"},
		"Failed to resolve column named 'SHA256'":                                                     {UnknownColumn, "SHA256"},
		"Failed to resolve table or column expression named 'SHA256'":                                 {UnknownColumn, "SHA256"},
		"Failed to resolve table or column expression named 'DeviceEvents'":                           {UnknownTable, "DeviceEvents"},
		"Failed to resolve table or column or scalar expression named 'DeviceEvents'":                 {UnknownTable, "DeviceEvents"},
		"'where' operator: Failed to resolve TABLE expression named \"DeviceEvents\"":                 {UnknownTable, "DeviceEvents"},
		"Failed to resolve scalar expression named 'LicensePlan'. Fix semantic errors in your query.": {UnknownColumn, "LicensePlan"},
		"The name 'SHA256' does not refer to any known column, table, variable or function.":          {UnknownColumn, "SHA256"},
		"The name 'DeviceEvents' does not refer to any known table, tabular variable or function.":    {UnknownTable, "DeviceEvents"},
		"The name 'now2' does not refer to any known function.":                                       {BadQuery, ""},
		"Failed to resolve scalar expression":                                                         {UnknownColumn, ""},
		"Failed to resolve scalar expression named 'my table'":                                        {UnknownColumn, "my table"},
		"Query could not be parsed at 'subscription' on line [1,20]":                                  {BadQuery, ""},
		"'where' operator: cannot compare values of types string and long (PlanName)":                 {BadQuery, ""},
	} {
		body, err := json.Marshal(map[string]any{"error": map[string]any{"code": "BadRequest", "message": message}})
		require.NoError(t, err)
		for _, status := range []int{http.StatusBadRequest, http.StatusOK} {
			e := refusalOf(t, Graph, status, nil, string(body))
			assert.Equal(t, want.kind, e.Kind, message)
			assert.Equal(t, want.name, e.Name, message)
		}
	}
}

// Words about a query say nothing where the API does not speak of a query.
func TestOnlyA400IsAboutTheQuery(t *testing.T) {
	about := map[Kind]bool{UnknownTable: true, UnknownColumn: true, TooLarge: true, TooHeavy: true, BadQuery: true}
	for _, message := range []string{
		"Failed to resolve table or column expression named 'T'", "failed to resolve scalar expression named 'SHA256'",
		"exceeded the allowed result size", "exceeded the allowed limits", "the timeout period", "'where' operator: no", "",
	} {
		object, err := json.Marshal(map[string]any{"error": map[string]any{"code": "BadRequest", "message": message}})
		require.NoError(t, err)
		bare, err := json.Marshal(map[string]any{"message": message})
		require.NoError(t, err)
		page := "<html><title>" + message + "</title></html>"
		for status := 201; status < 600; status++ {
			for form, body := range map[string]string{"error": string(object), "json": string(bare), "page": page, "text": message, "empty": ""} {
				e := refusalOf(t, Graph, status, nil, body)
				if status == http.StatusBadRequest && form == "error" {
					assert.True(t, about[e.Kind], "%d %s", status, body)
					continue
				}
				assert.False(t, about[e.Kind], "%d %s", status, body)
				if status >= 500 {
					assert.Equal(t, Transient, e.Kind, "%d %s", status, body)
				}
			}
		}
	}
}

// Each advice is true of what was answered.
func TestAdvice(t *testing.T) {
	const (
		portal = "<!DOCTYPE html><html><head><title>Guest Wi-Fi login</title></head></html>"
		no     = `{"error":{"code":"Forbidden","message":"no"}}`
	)
	said := func(code, message string) string {
		return `{"error":{"code":"` + code + `","message":"` + message + `","innerError":{"request-id":"r-1"}}}`
	}
	for name, tt := range map[string]struct {
		api    API
		status int
		body   string
		kind   Kind
		want   string
	}{
		"permission":          {Graph, 403, no, Forbidden, "application permission ThreatHunting.Read.All and admin consent"},
		"legacy permission":   {Legacy, 403, no, Forbidden, "application permission AdvancedHunting.Read.All"},
		"roles with words":    {Graph, 403, said("Forbidden", "Missing application roles. API required roles: ThreatHunting.Read.All, application roles: LicenseAssignment.Read.All,Subscription.Read.All"), Forbidden, "ThreatHunting.Read.All and admin consent"},
		"bare 403":            {Graph, 403, "RBAC: access denied", Forbidden, "the gateway or proxy between this machine and hunting.example"},
		"feature":             {Legacy, 403, said("DisabledFeature", "Tenant feature is not enabled"), Forbidden, "turned off"},
		"payment":             {Graph, 402, said("PaymentRequired", "x"), Unlicensed, "admin center"},
		"licence":             {Graph, 403, said("Forbidden", "The tenant does not have a license for Microsoft Defender XDR."), Unlicensed, "Microsoft 365 E5"},
		"licence, British":    {Graph, 403, said("Forbidden", "Licence required"), Unlicensed, "Microsoft 365 E5"},
		"licensed":            {Graph, 403, said("Forbidden", "Tenant is not licensed for this feature"), Unlicensed, "Microsoft 365 E5"},
		"subscription":        {Graph, 403, said("Forbidden", "No active SUBSCRIPTION was found"), Unlicensed, "Microsoft 365 E5"},
		"plan":                {Graph, 403, said("Forbidden", "Your plan does not include advanced hunting"), Unlicensed, "Microsoft 365 E5"},
		"onboarding":          {Graph, 403, said("Forbidden", "Tenant 1 is not onboarded"), Unlicensed, "opens security.microsoft.com once"},
		"provisioning":        {Graph, 400, said("BadRequest", "Tenant not provisioned"), Unlicensed, "opens security.microsoft.com once"},
		"licence in the code": {Graph, 403, said("TenantNotLicensed", "no"), Unlicensed, "Microsoft 365 E5"},
		"token":               {Graph, 401, said("InvalidAuthenticationToken", "x"), Unauthorized, "'cloud', 'api' and 'endpoint' belong together"},
		"retired":             {Legacy, 410, "", Retired, "set api: graph"},
		"retired, page":       {Legacy, 404, portal, Retired, "set api: graph"},
		"portal":              {Graph, 200, portal, Unexpected, "login or block page"},
		"block page":          {Graph, 403, portal, Unexpected, "login or block page"},
		"page with 400":       {Graph, 400, portal, Unexpected, "login or block page"},
		"page with 401":       {Graph, 401, portal, Unexpected, "login or block page"},
		"empty":               {Graph, 200, "", Unexpected, "something else answers in the place of hunting.example"},
		"null":                {Graph, 200, "null", Unexpected, "something else answers in the place of hunting.example"},
		"list":                {Graph, 200, "[]", Unexpected, "something else answers in the place of hunting.example"},
		"text":                {Graph, 200, "OK", Unexpected, "something else answers in the place of hunting.example"},
		"UTF-16":              {Graph, 200, "\xff\xfe{\x00", Unexpected, "something else answers in the place of hunting.example"},
		"another's JSON":      {Graph, 200, `{"status":"up"}`, Unexpected, "something else answers in the place of hunting.example"},
		"nothing in it":       {Graph, 200, `{}`, Unexpected, "something else answers in the place of hunting.example"},
		"no content":          {Graph, 204, "", Unexpected, "something else answers in the place of hunting.example"},
		"wrong endpoint":      {Graph, 404, said("ResourceNotFound", "x"), Unexpected, "hunting.example offers no such API"},
		"method":              {Graph, 405, "", Unexpected, "hunting.example offers no such API"},
		"proxy":               {Graph, 407, portal, Unexpected, "the proxy wants a login"},
		"conflict":            {Graph, 409, said("Conflict", "x"), Unexpected, "something else answers in the place of hunting.example"},
		"gone":                {Graph, 410, "", Unexpected, "something else answers in the place of hunting.example"},
		"precondition":        {Graph, 412, "", Unexpected, "something else answers in the place of hunting.example"},
		"locked":              {Graph, 423, said("Locked", "x"), Unexpected, "something else answers in the place of hunting.example"},
		"bare 400":            {Graph, 400, "", Unexpected, "something else answers in the place of hunting.example"},
		"not modified":        {Graph, 304, "", Unexpected, "redirects to another place"},
		"outage":              {Graph, 503, portal, Transient, ""},
		"bad KQL":             {Graph, 400, said("BadRequest", "no"), BadQuery, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := refusalOf(t, tt.api, tt.status, nil, tt.body)
			assert.Equal(t, tt.kind, e.Kind)
			if tt.want == "" {
				assert.Empty(t, e.Advice)
				return
			}
			assert.Contains(t, e.Advice, tt.want)
			assert.Contains(t, e.Error(), e.Advice)
			if e.RequestID != "" {
				assert.True(t, strings.HasSuffix(e.Error(), " (request id r-1)"), e.Error())
			}
			if e.Kind != Unlicensed {
				assert.NotContains(t, e.Advice, "licen")
			}
		})
	}
}

// Where somebody has to act, the error says how.
func TestKindsThatNeedSomebodyHaveAdvice(t *testing.T) {
	for _, list := range [][]reason{reasons, listReasons} {
		for _, r := range list {
			switch r.kind {
			case Unauthorized, Forbidden, Unlicensed, Unexpected, Retired:
				assert.NotNil(t, r.advice, r.why)
			default:
				assert.Nil(t, r.advice, r.why)
			}
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
		`{"error":{"code":"TooManyRequests","message":"slow down"}}`:                                                      RateLimited,
		`{"error":{"code":"BadRequest","message":"exceeded the allowed result size"}}`:                                    TooLarge,
		`{"error":{"code":"Forbidden","message":"no"},"results":[]}`:                                                      Forbidden,
		`{"results":[{"A":1}],"error":{"code":"InternalServerError","message":"the cursor was lost"}}`:                    Transient,
		`{"Results":[],"Error":{"code":"BadRequest","message":"no"}}`:                                                     BadQuery,
		`{"results":[],"error":"broken"}`:                                                                                 Transient,
		`{"results":[{"A":1}],"error":{"code":"PartialQueryFailure","message":"exceeded the allowed limits (80DA0003)"}}`: TooHeavy,
		`{"error":{"code":"GatewayTimeout","message":"exceeded"}}`:                                                        Transient,
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
