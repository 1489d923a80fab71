package hunting

import (
	"net/http"
	"slices"
	"strings"
)

// refused is what an answer says that is no result.
type refused struct {
	api       API
	of        subject
	status    int
	html      bool // a gateway's page, not the API's own answer
	code      string
	message   string
	requestID string
}

// reason maps answers to a kind. Empty fields match anything; texts are lower case, one must occur.
type reason struct {
	statuses []int
	api      []API
	html     bool
	codes    []string // lower case
	texts    []string
	kind     Kind
	why      string
}

// reasons are asked in order. The text is asked only where statuses do not tell: Microsoft sends "your
// result is too big" and "your KQL is wrong" with the same status and code.
var reasons = []reason{
	{statuses: []int{http.StatusUnauthorized}, kind: Unauthorized, why: "the token is missing, expired or not yet known everywhere"},
	{statuses: []int{http.StatusForbidden}, kind: Forbidden, why: "the app role is missing or was not consented to"},
	{
		statuses: []int{http.StatusTooManyRequests}, texts: []string{"calls quota"},
		kind: RateLimited, why: "names the quota of calls; asked before CPU, whose words are less sharp",
	},
	{
		statuses: []int{http.StatusTooManyRequests}, texts: []string{"processing resources", "cpu"},
		kind: CPULimited, why: "the CPU share is used up until the next cycle",
	},
	{statuses: []int{http.StatusTooManyRequests}, kind: RateLimited, why: "Graph's throttling names no limit"},
	{
		texts: []string{"failed to resolve table"},
		kind:  UnknownTable, why: "a table that the plan lacks does not exist for KQL: 400, not 403",
	},
	{texts: []string{"failed to resolve scalar expression"}, kind: UnknownColumn, why: "columns differ between tenants and over time"},
	{
		texts: []string{"exceeded the allowed result size", "exceeded the allowed amount of results"},
		kind:  TooLarge, why: "the cap of 50 MB",
	},
	{
		texts: []string{"exceeded the allowed limits", "preempted", "excessive resource", "timeout period"},
		kind:  TooHeavy, why: "the service stopped the query for its CPU, memory or three minutes",
	},
	{statuses: []int{http.StatusGatewayTimeout}, kind: TooHeavy, why: "the query outlived the gateway; the same query would again"},
	{statuses: []int{http.StatusRequestEntityTooLarge}, kind: TooLarge, why: "a gateway's size limit"},
	{
		statuses: []int{http.StatusBadGateway}, html: true,
		kind: TooLarge, why: "nginx before the service gives up on a result that is too big for it, every time",
	},
	{
		statuses: []int{http.StatusNotFound, http.StatusGone}, api: []API{Legacy},
		kind: Retired, why: "the legacy API stops answering on 2027-02-01",
	},
	{statuses: []int{http.StatusRequestTimeout, http.StatusTooEarly}, kind: Transient, why: "the only 4xx that ask for the same again"},
}

// userReasons are those of Graph's /users, which knows no queries and whose pages cannot be made smaller.
var userReasons = []reason{
	{statuses: []int{http.StatusUnauthorized}, kind: Unauthorized, why: "as with queries"},
	{statuses: []int{http.StatusForbidden}, kind: Forbidden, why: "the app role is missing or was not consented to"},
	{statuses: []int{http.StatusTooManyRequests}, kind: RateLimited, why: "Graph's throttling of the directory"},
	{statuses: []int{http.StatusGone}, kind: LinkExpired, why: "the service asks to begin anew, e.g. after it moved the tenant"},
	{
		statuses: []int{http.StatusBadRequest, http.StatusNotFound}, codes: []string{"syncstatenotfound", "resyncrequired"},
		kind: LinkExpired, why: "a link is good for seven days; its end is documented with 400 as well as with 410",
	},
	{statuses: []int{http.StatusRequestTimeout, http.StatusTooEarly}, kind: Transient, why: "as with queries"},
}

func (a refused) kind() Kind {
	text := strings.ToLower(a.message)
	known := reasons
	if a.of == users {
		known = userReasons
	}
	for _, r := range known {
		if r.matches(a, text) {
			return r.kind
		}
	}
	if a.status >= 400 && a.status < 500 {
		return BadQuery
	}
	return Transient
}

func (r *reason) matches(a refused, text string) bool {
	if r.statuses != nil && !slices.Contains(r.statuses, a.status) {
		return false
	}
	if r.api != nil && !slices.Contains(r.api, a.api) {
		return false
	}
	if r.html && !a.html {
		return false
	}
	if r.codes != nil && !slices.Contains(r.codes, strings.ToLower(a.code)) {
		return false
	}
	return r.texts == nil || slices.ContainsFunc(r.texts, func(t string) bool { return strings.Contains(text, t) })
}
