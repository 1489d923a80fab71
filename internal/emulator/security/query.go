package security

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
)

// The largest pages, and the largest $skip.
const (
	AlertsTopMost    = 1000
	IncidentsTopMost = 50
	skipMost         = 500

	alertsTop = 100 // where the request does not say
)

// query is what a request for a list asks for. It stands in the token of a nextLink.
type query struct {
	Filter  string `json:"filter,omitempty"`
	Ordered bool   `json:"ordered,omitempty"` // by OrderBy, else newest first by creation
	OrderBy string `json:"orderby,omitempty"`
	Down    bool   `json:"down,omitempty"`
	Top     int    `json:"top"`
	Offset  int    `json:"offset"`
	Count   bool   `json:"count,omitempty"`
	Topped  bool   `json:"topped,omitempty"` // it had $top: what a link means to the lists of Secure Score
}

// parseQuery reads the options of a request.
func (a *API) parseQuery(options url.Values) (query, *answer.Failure) {
	if token := options.Get("$skiptoken"); token != "" {
		return resume(token)
	}
	q := query{Top: alertsTop}
	if a.list == Incidents {
		q.Top = IncidentsTopMost
	}
	for name, values := range options {
		var failure *answer.Failure
		switch text := values[0]; strings.ToLower(name) {
		case "$filter":
			q.Filter = text
		case "$top":
			q.Top, failure = a.top(text)
		case "$skip":
			if q.Offset, failure = number(name, text); failure == nil && q.Offset > skipMost {
				failure = answer.BadRequest(fmt.Sprintf("The limit of '%d' for Skip query has been exceeded. The value from the incoming request is '%d'.", skipMost, q.Offset), "")
			}
		case "$count":
			q.Count = strings.EqualFold(text, "true")
		case "$orderby":
			failure = a.orderBy(&q, text)
		default:
			failure = answer.BadRequest("The query option '"+name+"' is not supported.", "")
		}
		if failure != nil {
			return query{}, failure
		}
	}
	return q, nil
}

func number(name, text string) (int, *answer.Failure) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, answer.BadRequest("Invalid value '"+text+"' for "+name+" query option found.", "")
	}
	return n, nil
}

// top is the size of a page: too large ones are cut for alerts, and refused for incidents.
func (a *API) top(text string) (int, *answer.Failure) {
	n, failure := number("$top", text)
	switch {
	case failure != nil:
		return 0, failure
	case a.list == Incidents && n > IncidentsTopMost:
		return 0, answer.BadRequest(fmt.Sprintf("The limit of '%d' for Top query has been exceeded. The value from the incoming request is '%d'.", IncidentsTopMost, n), "")
	}
	return min(max(n, 1), AlertsTopMost), nil
}

func (a *API) orderBy(q *query, text string) *answer.Failure {
	switch a.Order() {
	case OrderRefused:
		return answer.BadRequest("The query option '$orderby' is not supported.", "")
	case OrderIgnored:
		return nil
	}
	property, direction, _ := strings.Cut(strings.TrimSpace(text), " ")
	if property != createdKey && property != updatedKey {
		return answer.BadRequest("The property '"+property+"' can not be used in $orderby.", "")
	}
	q.Ordered, q.OrderBy, q.Down = true, property, strings.EqualFold(strings.TrimSpace(direction), "desc")
	return nil
}

// resume reads the token of a nextLink.
func resume(token string) (query, *answer.Failure) {
	var q query
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &q)
	}
	if err != nil {
		return query{}, answer.BadRequest("Badly formed token.", "")
	}
	return q, nil
}

func (q query) token() string {
	text, _ := json.Marshal(q) // a struct of plain values
	return base64.RawURLEncoding.EncodeToString(text)
}

// page is what a query gives now, how many objects it would give in all, and whether there are more.
func (a *API) page(q query, now time.Time) (page []object, total int, more bool, failure *answer.Failure) {
	wanted, err := parseFilter(a.list, q.Filter)
	if err != nil {
		return nil, 0, false, answer.BadRequest("Invalid filter clause: "+err.Error()+".", "")
	}
	objects := slices.DeleteFunc(a.Objects.list(now), func(o object) bool { return !wanted(o) })
	slices.SortStableFunc(objects, q.compare)
	total = len(objects)
	from := min(q.Offset, total)
	to := min(from+q.Top, total)
	return objects[from:to], total, to < total, nil
}

// compare orders objects. The service's own order is by creation, the newest first.
func (q query) compare(a, b object) int {
	x, y := a.created, b.created
	if q.Ordered && q.OrderBy == updatedKey {
		x, y = a.updated, b.updated
	}
	if !q.Ordered || q.Down {
		x, y = y, x
	}
	return cmp.Compare(x, y)
}
