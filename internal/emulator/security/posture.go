package security

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/api"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
)

const (
	// profilesPage is how many profiles a page has at most.
	profilesPage = 250
	// scoreCalls is how many calls of these lists may be under way at once.
	scoreCalls = 4
	// LinkOfTop is how the report calls a call that follows the link of a request that had asked for $top scores. Such a
	// link leads to older days that nobody has asked for.
	LinkOfTop = "200 link of $top"
)

// Posture serves the two lists of Secure Score. They are read only, and have a permission of their own.
type Posture struct {
	*API
	posture *Catalog
	calls   atomic.Int32 // under way
}

// NewPosture returns the API of a list.
func NewPosture(list string, posture *Catalog, c Config) *Posture {
	return &Posture{API: NewAPI(list, c), posture: posture}
}

// Register serves the list at a base such as /v1.0/security.
func (p *Posture) Register(mux *http.ServeMux, base string) {
	mux.HandleFunc("GET "+base+"/"+p.list, p.handle(p.ReadRoles, p.readCatalog))
	mux.HandleFunc("GET "+base+"/"+p.list+"/{id}", p.handle(p.ReadRoles, func(w http.ResponseWriter, r *http.Request, _ *api.Exchange) *answer.Failure {
		for _, o := range p.objects() {
			if o.id == r.PathValue("id") {
				writeObject(w, o.body(), true)
				return nil
			}
		}
		return notFound()
	}))
}

func (p *Posture) objects() []object {
	if p.list == Scores {
		return p.posture.days(p.Now())
	}
	return p.posture.controls()
}

func (p *Posture) readCatalog(w http.ResponseWriter, r *http.Request, c *api.Exchange) *answer.Failure {
	if p.calls.Add(1) > scoreCalls {
		p.calls.Add(-1)
		return &answer.Failure{Status: http.StatusTooManyRequests, Code: "TooManyRequests", Message: "Too many requests are under way.", RetryAfter: time.Second}
	}
	defer p.calls.Add(-1)
	fault := p.Faults.DrawWhere(func(f faults.Fault) bool {
		return slices.Contains(concerned, f.Kind) && (f.Table == "" || f.Table == p.list)
	})
	if failure := p.struck(r, c, fault); failure != nil {
		return failure
	}
	q, failure := p.parse(r.URL.Query())
	if failure != nil {
		return failure
	}
	if q.Linked && q.Topped {
		c.Outcome = LinkOfTop
	}
	wanted, err := parseFilter(p.list, q.Filter)
	if err != nil {
		return answer.BadRequest("Invalid filter clause: "+err.Error()+".", "")
	}
	objects := slices.DeleteFunc(p.objects(), func(o object) bool { return !wanted(o) })
	from := min(q.Offset, len(objects))
	to := min(from+q.Top, len(objects))
	p.send(w, r, listing{q.query, objects[from:to], len(objects), to < len(objects)}, fault)
	return nil
}

// parse reads the options of a request. A link of $top leads on for scores, and is refused for profiles.
func (p *Posture) parse(options url.Values) (postureQuery, *answer.Failure) {
	if token := options.Get("$skiptoken"); token != "" {
		q, failure := resume(token)
		if failure == nil && q.Topped && p.list == Profiles {
			failure = answer.BadRequest("Query option 'SkipToken' is not allowed.", "")
		}
		return postureQuery{query: q, Linked: true}, failure
	}
	q := postureQuery{query: query{Top: profilesPage}}
	for name, values := range options {
		var failure *answer.Failure
		switch text := values[0]; strings.ToLower(name) {
		case "$filter":
			q.Filter = text
		case "$top":
			q.Topped = true
			if q.Top, failure = number(name, text); failure == nil {
				q.Top = min(max(q.Top, 1), profilesPage)
			}
		case "$skip":
			if q.Offset, failure = number(name, text); failure == nil && q.Offset > skipMost {
				failure = answer.BadRequest(fmt.Sprintf("The limit of '%d' for Skip query has been exceeded. The value from the incoming request is '%d'.", skipMost, q.Offset), "")
			}
		case "$count":
			q.Count = strings.EqualFold(text, "true")
		default:
			failure = answer.BadRequest("The query option '"+name+"' is not supported.", "")
		}
		if failure != nil {
			return postureQuery{}, failure
		}
	}
	return q, nil
}

// postureQuery is a request for one of these lists.
type postureQuery struct {
	query
	Linked bool // it follows a link
}
