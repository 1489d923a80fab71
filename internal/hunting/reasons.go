package hunting

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// refused is what an answer says that is no result.
type refused struct {
	api       API
	of        subject
	status    int
	inAnswer  bool // the error stands inside an answer with status 200
	form      form
	host      string // that was asked
	location  string // where a redirect leads
	code      string
	message   string
	requestID string
	asked     func(column string) bool // whether the query names a column; nil: not known
}

// form is how a refusal is written, which tells who wrote it.
type form uint8

const (
	bareForm  form = iota // no body, or a text
	errorForm             // an error object, as Microsoft's APIs write it
	jsonForm              // other JSON
	pageForm              // a page in HTML
)

// reason maps answers to a kind. Empty fields match anything; texts are lower case, one must occur.
type reason struct {
	statuses  []int
	api       []API
	forms     []form
	codes     []string // lower case
	query     bool     // the API itself answers, about the query
	texts     []string
	says      func(refused) bool
	kind      Kind
	maybeSize bool
	advice    func(refused) string
	why       string
}

var (
	throttled = []int{http.StatusTooManyRequests}
	// passing are the statuses below 500 that ask for the same again.
	passing = []int{http.StatusRequestTimeout, http.StatusTooEarly}
	// cutOff are what gateways answer where a result is too big or too slow for them, and in an outage.
	cutOff = []int{http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusRequestEntityTooLarge}
)

// reasons are asked in order. The text is asked only where statuses do not tell: Microsoft sends "your
// result is too big" and "your KQL is wrong" with the same status and code. Only a 400, or an error
// inside a 200, is about the query.
var reasons = slices.Concat([]reason{
	{
		statuses: throttled, texts: []string{"calls quota"},
		kind: RateLimited, why: "names the quota of calls; asked before CPU, whose words are less sharp",
	},
	{
		statuses: throttled, texts: []string{"processing resources", "cpu"},
		kind: CPULimited, why: "the CPU share is used up until the next cycle",
	},
	{statuses: throttled, kind: RateLimited, why: "Graph's throttling names no limit"},
	{
		query: true, texts: []string{"exceeded the allowed result size", "exceeded the allowed amount of results"},
		kind: TooLarge, why: "the cap of 50 MB",
	},
	{
		query: true, texts: []string{"exceeded the allowed limits", "preempted", "excessive resource", "timeout period"},
		kind: TooHeavy, why: "the service stopped the query for its CPU, memory or three minutes",
	},
	{
		query: true, texts: []string{"operator:", "operator at", "semantic error", "syntax error", "recognition error", "could not be parsed"},
		kind: BadQuery, why: "the engine's own words about KQL, which may quote any word of the query",
	},
	{
		statuses: []int{http.StatusNotFound, http.StatusGone}, api: []API{Legacy}, kind: Retired,
		advice: always("set api: graph, and grant the app registration ThreatHunting.Read.All with admin consent"),
		why:    "the legacy API stops answering on 2027-02-01",
	},
}, commonReasons)

// listReasons are those of Graph's lists, which know no queries.
var listReasons = slices.Concat([]reason{
	{statuses: throttled, kind: RateLimited, why: "Graph's throttling of the directory and of the security API"},
	{
		statuses: []int{http.StatusGone}, forms: []form{errorForm, bareForm},
		kind: LinkExpired, why: "the service asks to begin anew, e.g. after it moved the tenant",
	},
	{
		statuses: []int{http.StatusBadRequest, http.StatusNotFound}, codes: []string{"syncstatenotfound", "resyncrequired"},
		kind: LinkExpired, why: "a link is good for seven days; its end is documented with 400 as well as with 410",
	},
	{
		statuses: []int{http.StatusNotFound}, forms: []form{errorForm},
		kind: BadQuery, why: "Graph knows no such resource, or the link is not its own",
	},
	{
		statuses: []int{http.StatusBadRequest}, forms: []form{bareForm},
		kind: BadQuery, why: "a link that is not understood; what it led to is asked for anew",
	},
}, commonReasons)

// commonReasons are asked last.
var commonReasons = []reason{
	{statuses: cutOff, kind: Transient, maybeSize: true, why: "a gateway gives up on a big result, but on any in an outage too"},
	{statuses: passing, kind: Transient, why: "the only other 4xx that ask for the same again"},
	{statuses: span(500, 599), kind: Transient, why: "an outage"},
	{
		statuses: []int{http.StatusProxyAuthRequired}, kind: Unexpected,
		advice: always(refusal.ProxyLogin), why: "only a proxy answers so",
	},
	{
		statuses: span(300, 399), kind: Unexpected,
		advice: func(a refused) string { return refusal.Redirected(a.location, a.host, "endpoint") },
		why:    "the APIs redirect nobody, and a token must not follow",
	},
	{
		statuses: span(200, 499), forms: []form{pageForm}, kind: Unexpected,
		advice: func(a refused) string { return refusal.Page(a.host, "endpoint") },
		why:    "the APIs write JSON",
	},
	{statuses: []int{http.StatusUnauthorized}, kind: Unauthorized, advice: unauthorizedAdvice, why: "the token is missing, expired or not yet known everywhere"},
	{statuses: []int{http.StatusPaymentRequired}, kind: Unlicensed, advice: licenceAdvice, why: "payment required"},
	{
		statuses: []int{http.StatusForbidden, http.StatusBadRequest}, forms: []form{errorForm, jsonForm, bareForm}, says: speaksOfLicence,
		kind: Unlicensed, advice: licenceAdvice, why: "permission is given, but the tenant lacks the product",
	},
	{
		statuses: []int{http.StatusForbidden}, codes: []string{"disabledfeature"}, kind: Forbidden,
		advice: always("the tenant has this feature turned off: an administrator turns it on in the settings of the Microsoft Defender portal"),
		why:    "documented for the legacy API",
	},
	{statuses: []int{http.StatusForbidden}, kind: Forbidden, advice: permissionAdvice, why: "the app role is missing or was not consented to"},
	{query: true, kind: BadQuery, why: "the API itself refuses the query, in words that are not known"},
	{
		statuses: []int{http.StatusNotFound, http.StatusMethodNotAllowed}, kind: Unexpected,
		advice: func(a refused) string {
			return a.host + " offers no such API: check 'endpoint', 'cloud' and 'api', and what stands between this machine and it"
		},
		why: "another service or a gateway answers",
	},
	{
		statuses: span(200, 499), kind: Unexpected,
		advice: func(a refused) string { return refusal.Stranger(a.host, "endpoint") },
		why:    "no API of Microsoft's answers so",
	},
}

func always(advice string) func(refused) string { return func(refused) string { return advice } }

// span are the statuses from first to last.
func span(first, last int) []int {
	all := make([]int, 0, last-first+1)
	for status := first; status <= last; status++ {
		all = append(all, status)
	}
	return all
}

func unauthorizedAdvice(refused) string {
	return "the service accepts neither the token nor a new one: check that 'cloud', 'api' and 'endpoint' belong together, " +
		"and the tenant's Conditional Access policies for workload identities"
}

func permissionAdvice(a refused) string {
	advice := "grant the app registration the application permission " + a.permission() + " and admin consent"
	if a.form == errorForm {
		return advice
	}
	return advice + "; if it has them, look at the gateway or proxy between this machine and " + a.host
}

// permission is the app role that the request needs.
func (a refused) permission() string {
	switch {
	case a.of == users:
		return "User.Read.All"
	case a.of == listed(AlertsV2):
		return "SecurityAlert.Read.All"
	case a.of == listed(Incidents):
		return "SecurityIncident.Read.All"
	case a.api == Legacy:
		return "AdvancedHunting.Read.All"
	default:
		return "ThreatHunting.Read.All"
	}
}

func licenceAdvice(a refused) string {
	if a.of != hunted {
		return "the tenant has no licence for this request: an administrator sees and assigns licences in the Microsoft 365 admin center"
	}
	return "the tenant has no licence with advanced hunting, or is not set up for it: an administrator assigns one in the Microsoft 365 admin center " +
		"(Microsoft 365 E5, E5 Security, or Microsoft Defender for Endpoint Plan 2) and then opens security.microsoft.com once"
}

var (
	licenceWords = regexp.MustCompile(`\b(?:(?:un)?licen[cs](?:e|es|ed|ing)|subscriptions?|subscribed?|plans?|premium|trial|onboard\w*|(?:un)?provision\w*)\b`)
	// otherWords have such words in them and mean something else: the dotted names of app roles, and how an
	// engine goes about a query.
	otherWords = regexp.MustCompile(`\w+(?:\.\w+)+|\b(?:query|execution) plans?\b`)
	camelHump  = regexp.MustCompile(`([a-z])([A-Z])`)
)

// speaksOfLicence reports whether a refusal is about what the tenant has bought or set up.
func speaksOfLicence(a refused) bool {
	text := camelHump.ReplaceAllString(a.code, "$1 $2") + " " + a.message
	return licenceWords.MatchString(otherWords.ReplaceAllString(strings.ToLower(text), ""))
}

const quote = "['\"`\u2018\u2019\u201c\u201d]"

// Either finds what KQL does not know: the first in the engine's wordings, the second in those of its parser.
var (
	unresolved = regexp.MustCompile("(?i)failed to resolve ((?:[a-z]+,? ){1,6}?)named " + quote + "(.+?)" + quote)
	unreferred = regexp.MustCompile("(?i)the name " + quote + "(.+?)" + quote + " does not refer to any known ([a-z, ]+)")
)

// unknown reports what table or column the service does not know. The engine says "table or column"
// both of the table that a query begins with and of some columns, so the query's columns decide.
func (a refused) unknown() (kind Kind, name string, found bool) {
	if !a.aboutQuery() {
		return 0, "", false
	}
	what, name, found := a.unresolved()
	if !found {
		return 0, "", false
	}
	switch what, _, _ = strings.Cut(what, "expression"); {
	case strings.Contains(what, "table") && (a.asked == nil || !a.asked(name)):
		return UnknownTable, name, true
	case strings.Contains(what, "table"), strings.Contains(what, "column"), strings.Contains(what, "scalar"):
		return UnknownColumn, name, true
	default:
		return 0, "", false
	}
}

// unresolved is what the engine says that it does not know: the kind in its own words, and the name if it tells one.
func (a refused) unresolved() (what, name string, found bool) {
	if m := unresolved.FindStringSubmatch(a.message); m != nil {
		return strings.ToLower(m[1]), m[2], true
	}
	if m := unreferred.FindStringSubmatch(a.message); m != nil {
		return strings.ToLower(m[2]), m[1], true
	}
	_, what, found = strings.Cut(strings.ToLower(a.message), "failed to resolve ")
	return what, "", found
}

// aboutQuery reports whether the API itself speaks of the query. What it writes inside a 200 has no status.
func (a refused) aboutQuery() bool {
	return a.form == errorForm && (a.status == http.StatusBadRequest || a.inAnswer && a.status >= 500)
}

// judge gives the error of a refusal its kind and what follows from that.
func (a refused) judge(e *Error) {
	if a.of == hunted {
		if kind, name, found := a.unknown(); found {
			e.Kind, e.Name = kind, refusal.Text(name)
			if kind == UnknownTable {
				e.Advice = "the tenant has no such table: it comes with the product that fills it, or its name is misspelt"
			}
			return
		}
	}
	known := reasons
	if a.of != hunted {
		known = listReasons
	}
	text := strings.ToLower(a.message)
	for i := range known {
		r := &known[i]
		if !r.matches(a, text) {
			continue
		}
		e.Kind, e.MaybeSize = r.kind, r.maybeSize && a.of == hunted
		if r.advice != nil {
			e.Advice = r.advice(a)
		}
		return
	}
	e.Kind = Transient
}

func (r *reason) matches(a refused, text string) bool {
	switch {
	case r.statuses != nil && !slices.Contains(r.statuses, a.status),
		r.api != nil && !slices.Contains(r.api, a.api),
		r.forms != nil && !slices.Contains(r.forms, a.form),
		r.codes != nil && !slices.Contains(r.codes, strings.ToLower(a.code)),
		r.query && !a.aboutQuery(),
		r.says != nil && !r.says(a):
		return false
	}
	return r.texts == nil || slices.ContainsFunc(r.texts, func(t string) bool { return strings.Contains(text, t) })
}
