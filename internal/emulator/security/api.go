package security

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/api"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
)

// The lists. Faults and the report call them so, too.
const (
	Alerts    = "alerts_v2"
	Incidents = "incidents"
)

// Order is what the service does with $orderby.
type Order int32

// The ways in which $orderby is taken.
const (
	OrderHonoured Order = iota
	OrderIgnored
	OrderRefused
)

// concerned are the faults that strike these requests; the others are of queries.
var concerned = []faults.Kind{
	faults.TooManyRequests, faults.BareThrottle, faults.Unauthorized, faults.Challenge, faults.ServerError, faults.HTML502,
	faults.Unavailable, faults.GatewayTimeout, faults.Truncate, faults.Reset, faults.Drop, faults.Slow, faults.Stall,
	faults.BadJSON, faults.Partial,
}

// Config is what the API serves, and with what.
type Config struct {
	Objects   *Collection
	ReadRoles []string // the app roles of which a caller needs one
	WriteRole string
	Now       func() time.Time
	Logger    *slog.Logger
	Entra     *entra.Entra
	Faults    *faults.Plan
	Judge     *judge.Judge
}

// API is one list and its objects. Hunting's quotas do not concern it.
type API struct {
	Config
	list  string
	api   api.API
	order atomic.Int32
	// broken is the window of last updates in which the list always answers 500.
	broken atomic.Pointer[window]
}

type window struct{ from, to time.Time }

// NewAPI returns the API of a list.
func NewAPI(list string, c Config) *API {
	return &API{Config: c, list: list, api: api.API{
		Graph: true, Now: c.Now, Judge: c.Judge, Limit: c.Judge.SecurityThrottle, Envelope: answer.GraphEnvelope,
	}}
}

// SetOrder says what the list does with $orderby from now on.
func (a *API) SetOrder(o Order) { a.order.Store(int32(o)) }

// Order is what the list does with $orderby.
func (a *API) Order() Order { return Order(a.order.Load()) }

// Break makes each list answer 500 that would hold an object that was last updated in a window; an empty window mends it.
func (a *API) Break(from, to time.Time) { a.broken.Store(&window{from, to}) }

// Register serves the list at a base such as /v1.0/security.
func (a *API) Register(mux *http.ServeMux, base string) {
	path := base + "/" + a.list
	mux.HandleFunc("GET "+path, a.handle(a.ReadRoles, a.readList))
	mux.HandleFunc("GET "+path+"/{id}", a.handle(a.ReadRoles, a.readOne))
	mux.HandleFunc("PATCH "+path+"/{id}", a.handle([]string{a.WriteRole}, a.patch))
	mux.HandleFunc("POST "+path+"/{id}/comments", a.handle([]string{a.WriteRole}, a.comment))
}

// RegisterOfIncident serves the alerts of an incident. This API is that of alerts.
func (a *API) RegisterOfIncident(mux *http.ServeMux, base string) {
	mux.HandleFunc("GET "+base+"/"+Incidents+"/{id}/alerts", a.handle(a.ReadRoles, func(w http.ResponseWriter, r *http.Request, _ *api.Exchange) *answer.Failure {
		alerts := []any{}
		for _, o := range a.Objects.list(a.Now()) {
			if body := o.body(); body["incidentId"] == r.PathValue("id") {
				alerts = append(alerts, withMembers(body, wantsNewMembers(r)))
			}
		}
		writeObject(w, map[string]any{"value": alerts}, true)
		return nil
	}))
}

type reply func(w http.ResponseWriter, r *http.Request, c *api.Exchange) *answer.Failure

// handle answers calls of those who have one of the roles.
func (a *API) handle(roles []string, then reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			a.Judge.Write(a.list, r.Method)
		}
		a.api.Serve(w, r, func(w http.ResponseWriter, r *http.Request, c *api.Exchange) *answer.Failure {
			if failure := a.authorize(r, roles); failure != nil {
				return failure
			}
			return then(w, r, c)
		})
	}
}

// authorize tells why a caller may not, in the words of the security API.
func (a *API) authorize(r *http.Request, roles []string) *answer.Failure {
	var failure *answer.Failure
	for _, role := range roles {
		if failure = a.Entra.Authorize(r, entra.AudienceGraph, role); failure == nil {
			return nil
		}
	}
	if failure != nil && failure.Status == http.StatusForbidden {
		last := roles[len(roles)-1]
		failure.Message = strings.Replace(failure.Message, "roles: "+last, "roles: "+strings.Join(roles, ","), 1)
	}
	return failure
}

func (a *API) readList(w http.ResponseWriter, r *http.Request, c *api.Exchange) *answer.Failure {
	fault := a.Faults.DrawWhere(func(f faults.Fault) bool {
		return slices.Contains(concerned, f.Kind) && (f.Table == "" || f.Table == a.list)
	})
	if failure := a.struck(r, c, fault); failure != nil {
		return failure
	}
	q, failure := a.parseQuery(r.URL.Query())
	if failure != nil {
		return failure
	}
	page, total, more, failure := a.page(q, a.Now())
	if failure != nil {
		return failure
	}
	if b := a.broken.Load(); b != nil && slices.ContainsFunc(page, func(o object) bool { return b.has(o.updated) }) {
		return answer.Unknown(http.StatusInternalServerError)
	}
	a.send(w, r, listing{q, page, total, more}, fault)
	return nil
}

func (w *window) has(s Stamp) bool { return s.compare(w.from) >= 0 && s.compare(w.to) < 0 }

// struck is the answer to a call that a fault strikes before it is answered.
func (a *API) struck(r *http.Request, c *api.Exchange, fault faults.Fault) *answer.Failure {
	if fault.Kind != "" {
		c.Outcome = "fault " + string(fault.Kind)
	}
	switch fault.Kind {
	case faults.Challenge:
		return a.Entra.Challenge()
	case faults.Drop:
		panic(http.ErrAbortHandler)
	case faults.Slow:
		api.Pause(r.Context(), fault.Wait())
	}
	return fault.Failure(c.Start)
}

// listing is one page of a list.
type listing struct {
	query
	page  []object
	total int
	more  bool
}

// send writes a page. A provider that gave nothing is told by a header, and by a status.
func (a *API) send(w http.ResponseWriter, r *http.Request, l listing, fault faults.Fault) {
	head := fmt.Appendf(nil, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#security/%s"`, a.list)
	if l.Count {
		head = fmt.Appendf(head, `,"@odata.count":%d`, l.total)
	}
	if l.more {
		next := l.query
		next.Offset += len(l.page)
		head = fmt.Appendf(head, `,"@odata.nextLink":"https://%s%s?$skiptoken=%s"`, r.Host, r.URL.Path, next.token())
	}
	head = append(head, `,"value":[`...)
	if fault.Kind == faults.Partial {
		w.Header().Set("Warning", `199 - "Microsoft/Sentinel/504/10000"`)
		l.page = l.page[:len(l.page)/2]
	}
	all := wantsNewMembers(r)
	var rows []byte
	for i, o := range l.page {
		if i > 0 {
			rows = append(rows, ',')
		}
		rows = append(rows, encode(o.body(), all)...)
	}
	strike := a.Faults.Strike(fault, len(head), len(rows), len(l.page))
	status := http.StatusOK
	if fault.Kind == faults.Partial {
		status = http.StatusPartialContent
	}
	if a.api.StreamStatus(w, r, status, [][]byte{head, rows, []byte("]}")}, strike, fault) {
		a.Judge.ReadObjects(a.list, len(l.page), len(rows))
	}
}

// wantsNewMembers reports whether a client has sent Prefer: include-unknown-enum-members.
func wantsNewMembers(r *http.Request) bool {
	return slices.ContainsFunc(r.Header.Values("Prefer"), func(text string) bool {
		return strings.Contains(text, "include-unknown-enum-members")
	})
}

func withMembers(body map[string]any, newMembers bool) any {
	if newMembers {
		return body
	}
	return withoutNewMembers("", body)
}

// encode writes a body; what cannot be written is a mistake of the test that planted it.
func encode(body map[string]any, newMembers bool) []byte {
	text, err := json.Marshal(withMembers(body, newMembers))
	if err != nil {
		panic(fmt.Sprintf("BUG: write %v: %v", body["id"], err))
	}
	return text
}

func (a *API) readOne(w http.ResponseWriter, r *http.Request, _ *api.Exchange) *answer.Failure {
	body, ok := a.Objects.One(r.PathValue("id"), a.Now())
	if !ok {
		return notFound()
	}
	writeObject(w, body, wantsNewMembers(r))
	return nil
}

func notFound() *answer.Failure {
	return &answer.Failure{Status: http.StatusNotFound, Code: "ResourceNotFound", Message: "The requested resource does not exist."}
}

func writeObject(w http.ResponseWriter, body map[string]any, newMembers bool) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(encode(body, newMembers)) // a client that went away needs no answer
}

// changeable are the properties that PATCH changes; all others are refused, but comments, which are dropped silently.
var changeable = []string{"status", "classification", "determination", "assignedTo", "customTags", "comments"}

func (a *API) patch(w http.ResponseWriter, r *http.Request, _ *api.Exchange) *answer.Failure {
	changes, failure := readBody(r)
	if failure != nil {
		return failure
	}
	for name := range changes {
		if !slices.Contains(changeable, name) && !strings.HasPrefix(name, "@odata.") {
			return answer.BadRequest("The property '"+name+"' cannot be updated.", "")
		}
	}
	now := a.Now()
	body, ok := a.Objects.Change(r.PathValue("id"), now, func(body map[string]any) {
		for name, value := range changes {
			if name != "comments" && !strings.HasPrefix(name, "@odata.") {
				body[name] = value
			}
		}
		if changes["status"] == "resolved" {
			body["resolvedDateTime"] = StampOf(now).String()
		}
	})
	if !ok {
		return notFound()
	}
	writeObject(w, body, wantsNewMembers(r))
	return nil
}

func (a *API) comment(w http.ResponseWriter, r *http.Request, _ *api.Exchange) *answer.Failure {
	given, failure := readBody(r)
	if failure != nil {
		return failure
	}
	text, _ := given["comment"].(string)
	if text == "" {
		return answer.BadRequest("A comment is required.", "")
	}
	now := a.Now()
	body, ok := a.Objects.Change(r.PathValue("id"), now, func(body map[string]any) {
		comments, _ := body["comments"].([]any)
		body["comments"] = append(slices.Clone(comments), map[string]any{
			"@odata.type": "#microsoft.graph.security.alertComment", "comment": text,
			"createdByDisplayName": "API-App", createdKey: StampOf(now).String(),
		})
	})
	if !ok {
		return notFound()
	}
	writeObject(w, map[string]any{"value": body["comments"]}, true)
	return nil
}

// readBody reads a JSON object.
func readBody(r *http.Request) (map[string]any, *answer.Failure) {
	var body map[string]any
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil {
		return nil, answer.BadRequest("Unable to read JSON request payload.", "")
	}
	return body, nil
}
