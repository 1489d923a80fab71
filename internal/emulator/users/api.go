package users

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/api"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
)

const (
	// Table is how faults and the report call Graph's users.
	Table = "Users"
	// PageMost is how many users Graph puts on one page at most.
	PageMost = 999

	pageDefault = 100
	// linkLifetime is that of delta links of directory objects.
	linkLifetime = 7 * 24 * time.Hour

	textLinkExpired = "The sync state generation is not found. The delta token is expired and data must be synchronized again."
)

// concerned are the faults that strike requests for users; the others are of queries.
var concerned = []faults.Kind{
	faults.TooManyRequests, faults.BareThrottle, faults.Unauthorized, faults.Challenge, faults.ServerError, faults.HTML502, faults.Unavailable, faults.GatewayTimeout,
	faults.Truncate, faults.Reset, faults.Drop, faults.Slow, faults.Stall, faults.BadJSON,
}

// Config is what the API serves, and with what.
type Config struct {
	Directory *Directory
	PageMost  int    // users on one page at most
	Role      string // the app role that a caller needs
	Now       func() time.Time
	Logger    *slog.Logger
	Entra     *entra.Entra
	Faults    *faults.Plan
	Judge     *judge.Judge
}

// API is `GET /users` or `GET /users/delta`. The quota of hunting does not concern it.
type API struct {
	Config
	api   api.API
	delta bool
}

// NewAPI returns `GET /users`, or with delta `GET /users/delta`.
func NewAPI(c Config, delta bool) *API {
	return &API{Config: c, delta: delta, api: api.API{
		Graph: true, Now: c.Now, Judge: c.Judge, Limit: c.Judge.UsersThrottle, Envelope: answer.GraphEnvelope,
	}}
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.api.Serve(w, r, a.answer) }

func (a *API) answer(w http.ResponseWriter, r *http.Request, c *api.Exchange) *answer.Failure {
	if failure := a.Entra.Authorize(r, entra.AudienceGraph, a.Role); failure != nil {
		if failure.Status == http.StatusForbidden {
			failure.Code, failure.Message = "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
		}
		return failure
	}
	fault := a.Faults.DrawWhere(func(f faults.Fault) bool {
		return slices.Contains(concerned, f.Kind) && (f.Table == "" || f.Table == Table)
	})
	if failure := fault.Failure(c.Start); failure != nil {
		return failure
	}
	switch fault.Kind {
	case faults.Challenge:
		return a.Entra.Challenge()
	case faults.Drop:
		c.Outcome = "fault drop"
		panic(http.ErrAbortHandler)
	case faults.Slow:
		api.Pause(r.Context(), fault.Wait())
	}
	read, failure := a.where(r)
	if failure != nil {
		return failure
	}
	if fault.Kind != "" {
		c.Outcome = "fault " + string(fault.Kind)
	}
	users, read, more := a.Directory.page(read)
	head, rows, err := a.frameUsers(r, read, users, more)
	if err != nil {
		a.Logger.Error("write users", "error", err)
		return answer.Unknown(http.StatusInternalServerError)
	}
	if r.Header.Get("Prefer") != "" {
		w.Header().Set("Preference-Applied", "odata.maxpagesize="+strconv.Itoa(read.Size))
	}
	strike := a.Faults.Strike(fault, len(head), len(rows), len(users))
	if a.api.Stream(w, r, [][]byte{head, rows, []byte("]}")}, strike, fault) {
		a.Judge.ReadObjects(Table, len(users), len(rows))
	}
	return nil
}

// where is the position that a request names.
func (a *API) where(r *http.Request) (position, *answer.Failure) {
	// Graph takes the names of its options without the dollar sign and in any case, too.
	options := url.Values{}
	for name, values := range r.URL.Query() {
		options[strings.ToLower(strings.TrimPrefix(name, "$"))] = values
	}
	size, failure := a.pageSize(r, options.Get("top"))
	if failure != nil {
		return position{}, failure
	}
	for _, name := range []string{"skiptoken", "deltatoken"} {
		if token := options.Get(name); token != "" {
			return a.resume(r, token, size, name == "deltatoken")
		}
	}
	if size == 0 {
		size = min(pageDefault, a.Config.PageMost)
	}
	read := position{Size: size, Delta: a.delta, Select: defaultProperties()}
	for name, values := range options {
		switch name {
		case "select":
			if read.Select, failure = selected(values[0]); failure != nil {
				return position{}, failure
			}
		case "top", "skiptoken", "deltatoken":
		default:
			return position{}, &answer.Failure{
				Status: http.StatusBadRequest, Code: "Request_UnsupportedQuery", Message: "The specified query option '$" + name + "' is not supported here.",
			}
		}
	}
	return a.Directory.begin(read), nil
}

// pageSize is what the request asks for, 0 if it does not say.
func (a *API) pageSize(r *http.Request, top string) (int, *answer.Failure) {
	size := 0
	for preference := range strings.SplitSeq(r.Header.Get("Prefer"), ",") {
		if given, ok := strings.CutPrefix(strings.TrimSpace(preference), "odata.maxpagesize="); ok {
			if n, err := strconv.Atoi(given); err == nil && n > 0 {
				size = n
			}
		}
	}
	if top != "" {
		n, err := strconv.Atoi(top)
		if err != nil || n < 1 || n > PageMost {
			return 0, answer.BadRequest("Invalid page size specified: '"+top+"'. Must be between 1 and 999 inclusive.", "")
		}
		size = n
	}
	return min(size, a.Config.PageMost), nil
}

// selected reads a $select. The id is always given.
func selected(text string) ([]string, *answer.Failure) {
	names := strings.Split(text, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if _, ok := userProperties[names[i]]; !ok {
			return nil, answer.BadRequest("Parsing OData Select and Expand failed: Could not find a property named '"+names[i]+"' on type 'microsoft.graph.user'.", "")
		}
	}
	return names, nil
}

// resume reads a token. Whatever the client asked for in the first request stands in it.
func (a *API) resume(r *http.Request, token string, size int, changes bool) (position, *answer.Failure) {
	var read position
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil || read.Delta != a.delta || changes && !a.delta {
		return position{}, answer.BadRequest("Badly formed token.", "")
	}
	if !a.Directory.knows(read) || a.Now().Sub(time.Unix(read.Issued, 0)) > linkLifetime {
		return position{}, &answer.Failure{
			Status: http.StatusGone, Code: "syncStateNotFound", Message: textLinkExpired, Outcome: "410 link",
			Location: "https://" + r.Host + r.URL.Path + "?$deltatoken=",
		}
	}
	if size > 0 {
		read.Size = size
	}
	if changes {
		read.Since, read.After = read.Until, ""
		read = a.Directory.begin(read)
	}
	return read, nil
}

// frameUsers gives the answer up to its first user, and the users.
func (a *API) frameUsers(r *http.Request, read position, users []map[string]any, more bool) (head, rows []byte, err error) {
	head = fmt.Appendf(nil, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(%s)"`, strings.Join(read.Select, ","))
	if more || a.delta {
		read.Issued = a.Now().Unix()
		token, err := json.Marshal(read)
		if err != nil {
			return nil, nil, fmt.Errorf("write a token: %w", err)
		}
		name, option := "@odata.nextLink", "$skiptoken"
		if !more {
			name, option = "@odata.deltaLink", "$deltatoken"
		}
		head = fmt.Appendf(head, `,"%s":"https://%s%s?%s=%s"`, name, r.Host, r.URL.Path, option, base64.RawURLEncoding.EncodeToString(token))
	}
	head = append(head, `,"value":[`...)
	for i, user := range users {
		if i > 0 {
			rows = append(rows, ',')
		}
		row, err := json.Marshal(user)
		if err != nil {
			return nil, nil, fmt.Errorf("write a user: %w", err)
		}
		rows = append(rows, row...)
	}
	return head, rows, nil
}
