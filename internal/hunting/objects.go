package hunting

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// List is a list of Graph's security API.
type List string

// The lists.
const (
	AlertsV2  List = "alerts_v2"
	Incidents List = "incidents"
	// SecureScores has one object for each day, ControlProfiles one for each control. Neither is filtered or ordered.
	SecureScores    List = "secureScores"
	ControlProfiles List = "secureScoreControlProfiles"
)

const (
	securityPath = "v1.0/security"
	// newMembers asks for the names of enum members that are newer than the API's version. Without it a new alert's
	// remediation status, and the source of many alerts, is unknownFutureValue.
	newMembers = "include-unknown-enum-members"
)

// ObjectsRequest is what a page of a list is asked for with.
type ObjectsRequest struct {
	List List
	// Link is where an earlier answer's Link leads; the other fields do not count then.
	Link string
	// From and To bound lastUpdateDateTime: from From on, and before To unless that is zero.
	From, To time.Time
	// Filter is an OData filter that is added with `and`; empty: none.
	Filter string
	// Top is how many objects are asked for. The service may give fewer. 0: as many as it likes.
	Top int
	// Skip is how many objects are passed over, the first ones.
	Skip int
	// Count asks how many objects there are in all, whatever From and To are.
	Count bool
	// Ordered asks for objects in the order of lastUpdateDateTime.
	Ordered bool
}

// Objects asks Microsoft Graph for a page of a list. A row is an object as it was sent, but for OData's annotations, of
// which the types of nested objects are kept. Errors are those of Query.
func (c *Client) Objects(ctx context.Context, request ObjectsRequest) (*Rows, error) {
	of := listed(request.List)
	target := c.cfg.Endpoint.JoinPath(securityPath, string(request.List))
	target.RawQuery = request.options().Encode()
	if request.Link != "" {
		var err error
		if target, err = c.follow(request.Link); err != nil {
			return nil, &Error{Kind: BadQuery, of: of, Err: err}
		}
	}
	return c.ask(ctx, func(ctx context.Context, token string) (*Rows, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
		if err != nil {
			return nil, fmt.Errorf("build the request: %w", err)
		}
		req.Header.Set("Prefer", newMembers)
		rows, err := c.do(req, of, token, nil)
		if rows != nil {
			rows.follow, rows.row.verbatim, rows.row.nested.types = c.follow, true, true
		}
		return rows, err
	})
}

// listed is the subject of requests for a list.
func listed(list List) subject { return subject("Microsoft Graph's /security/" + string(list)) }

// options are those of the request's URL.
func (r ObjectsRequest) options() url.Values {
	options := url.Values{}
	if filter := r.filter(); filter != "" {
		options.Set("$filter", filter)
	}
	if r.Top > 0 {
		options.Set("$top", strconv.Itoa(r.Top))
	}
	if r.Skip > 0 {
		options.Set("$skip", strconv.Itoa(r.Skip))
	}
	if r.Count {
		options.Set("$count", "true")
	}
	if r.Ordered {
		options.Set("$orderby", "lastUpdateDateTime asc")
	}
	return options
}

func (r ObjectsRequest) filter() string {
	if r.Count || r.List == SecureScores || r.List == ControlProfiles {
		return r.Filter
	}
	filter := "lastUpdateDateTime ge " + r.From.UTC().Format(time.RFC3339Nano)
	if !r.To.IsZero() {
		filter += " and lastUpdateDateTime lt " + r.To.UTC().Format(time.RFC3339Nano)
	}
	if r.Filter != "" {
		filter += " and (" + r.Filter + ")"
	}
	return filter
}

// isPartial reports whether the answer is a list that lacks what one provider has.
func (r *Rows) isPartial() bool {
	return r.of != hunted && r.of != users && r.resp.StatusCode == http.StatusPartialContent
}

// Partial tells, in the service's words, which part of a list is missing; empty: it is whole.
func (r *Rows) Partial() string {
	if !r.isPartial() {
		return ""
	}
	return "status 206: " + r.resp.Header.Get("Warning")
}
