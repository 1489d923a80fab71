package defendersim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// usersTable is how faults and the report call Graph's users.
	usersTable = "Users"

	usersPageDefault = 100
	usersPageMost    = 999
	// linkLifetime is that of delta links of directory objects.
	linkLifetime = 7 * 24 * time.Hour

	textLinkExpired = "The sync state generation is not found. The delta token is expired and data must be synchronized again."
)

// userFaults are the faults that strike requests for users; the others are of queries.
var userFaults = []FaultKind{
	FaultTooManyRequests, FaultBareThrottle, FaultUnauthorized, FaultServerError, FaultHTML502, FaultUnavailable, FaultGatewayTimeout,
	FaultTruncate, FaultReset, FaultDrop, FaultSlow, FaultStall, FaultBadJSON,
}

// usersAPI is `GET /users` and `GET /users/delta`. The quota of hunting does not concern it.
type usersAPI struct {
	api
	delta bool
}

func newUsersAPI(s *Server, delta bool) *usersAPI {
	return &usersAPI{api{server: s, graph: true, audience: audienceGraph, role: RoleUsers, envelope: graphError}, delta}
}

func (a *usersAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.serve(w, r, a.server.judge.usersThrottle, a.answer)
}

func (a *usersAPI) answer(w http.ResponseWriter, r *http.Request, c *exchange) *apiError {
	s := a.server
	if failure := s.entra.authorize(r, a.audience, a.role); failure != nil {
		if failure.status == http.StatusForbidden {
			failure.code, failure.message = "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
		}
		return failure
	}
	fault := s.faults.drawWhere(func(f Fault) bool {
		return slices.Contains(userFaults, f.Kind) && (f.Table == "" || f.Table == usersTable)
	})
	if failure := fault.apiError(c.start); failure != nil {
		return failure
	}
	switch fault.Kind {
	case FaultDrop:
		c.outcome = "fault drop"
		panic(http.ErrAbortHandler)
	case FaultSlow:
		pause(r.Context(), fault.delay())
	}
	read, failure := a.position(r)
	if failure != nil {
		return failure
	}
	if fault.Kind != "" {
		c.outcome = "fault " + string(fault.Kind)
	}
	users, read, more := s.users.page(read)
	head, rows, err := a.frameUsers(r, read, users, more)
	if err != nil {
		s.logger.Error("write users", "error", err)
		return unknownFailure(http.StatusInternalServerError)
	}
	if r.Header.Get("Prefer") != "" {
		w.Header().Set("Preference-Applied", "odata.maxpagesize="+strconv.Itoa(read.Size))
	}
	strike := s.strike(fault, len(head), len(rows), len(users))
	if a.stream(w, r, [][]byte{head, rows, []byte("]}")}, strike, fault) {
		s.judge.readUsers(len(users), len(rows))
	}
	return nil
}

// position is where a request wants to read.
func (a *usersAPI) position(r *http.Request) (usersRead, *apiError) {
	// Graph takes the names of its options without the dollar sign and in any case, too.
	options := url.Values{}
	for name, values := range r.URL.Query() {
		options[strings.ToLower(strings.TrimPrefix(name, "$"))] = values
	}
	size, failure := a.pageSize(r, options.Get("top"))
	if failure != nil {
		return usersRead{}, failure
	}
	for _, name := range []string{"skiptoken", "deltatoken"} {
		if token := options.Get(name); token != "" {
			return a.resume(r, token, size, name == "deltatoken")
		}
	}
	if size == 0 {
		size = min(usersPageDefault, a.server.userPage)
	}
	read := usersRead{Size: size, Delta: a.delta, Select: defaultProperties()}
	for name, values := range options {
		switch name {
		case "select":
			if read.Select, failure = selected(values[0]); failure != nil {
				return usersRead{}, failure
			}
		case "top", "skiptoken", "deltatoken":
		default:
			return usersRead{}, &apiError{
				status: http.StatusBadRequest, code: "Request_UnsupportedQuery", message: "The specified query option '$" + name + "' is not supported here.",
			}
		}
	}
	return a.server.users.begin(read), nil
}

// pageSize is what the request asks for, 0 if it does not say.
func (a *usersAPI) pageSize(r *http.Request, top string) (int, *apiError) {
	size := 0
	for preference := range strings.SplitSeq(r.Header.Get("Prefer"), ",") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(preference), "odata.maxpagesize="); ok {
			if n, err := strconv.Atoi(value); err == nil && n > 0 {
				size = n
			}
		}
	}
	if top != "" {
		n, err := strconv.Atoi(top)
		if err != nil || n < 1 || n > usersPageMost {
			return 0, badRequest("Invalid page size specified: '"+top+"'. Must be between 1 and 999 inclusive.", "")
		}
		size = n
	}
	return min(size, a.server.userPage), nil
}

// selected reads a $select. The id is always given.
func selected(text string) ([]string, *apiError) {
	names := strings.Split(text, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if _, ok := userProperties[names[i]]; !ok {
			return nil, badRequest("Parsing OData Select and Expand failed: Could not find a property named '"+names[i]+"' on type 'microsoft.graph.user'.", "")
		}
	}
	return names, nil
}

// resume reads a token. Whatever the client asked for in the first request stands in it.
func (a *usersAPI) resume(r *http.Request, token string, size int, changes bool) (usersRead, *apiError) {
	var read usersRead
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil || read.Delta != a.delta || changes && !a.delta {
		return usersRead{}, badRequest("Badly formed token.", "")
	}
	s := a.server
	if !s.users.knows(read) || s.now().Sub(time.Unix(read.Issued, 0)) > linkLifetime {
		return usersRead{}, &apiError{
			status: http.StatusGone, code: "syncStateNotFound", message: textLinkExpired, outcome: "410 link",
			location: "https://" + r.Host + r.URL.Path + "?$deltatoken=",
		}
	}
	if size > 0 {
		read.Size = size
	}
	if changes {
		read.Since, read.After = read.Until, ""
		read = s.users.begin(read)
	}
	return read, nil
}

// frameUsers gives the answer up to its first user, and the users.
func (a *usersAPI) frameUsers(r *http.Request, read usersRead, users []map[string]any, more bool) (head, rows []byte, err error) {
	head = fmt.Appendf(nil, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(%s)"`, strings.Join(read.Select, ","))
	if more || a.delta {
		read.Issued = a.server.now().Unix()
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
