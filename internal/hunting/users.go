package hunting

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const (
	usersPath = "v1.0/users/delta"
	// usersPage asks for Graph's largest page; the service may send smaller ones.
	usersPage = "odata.maxpagesize=999"
)

var errForeignLink = errors.New("the link leads to another host than 'endpoint', so neither the request nor its token is sent there")

// Users asks Microsoft Graph for users, from the beginning where link is empty, else from the URL of an
// earlier answer's Link. A row has the columns of tables.Users. Errors are those of Query; LinkExpired
// asks to begin anew.
func (c *Client) Users(ctx context.Context, link string) (*Rows, error) {
	target := c.usersURL()
	if link != "" {
		var err error
		if target, err = c.follow(link); err != nil {
			return nil, &Error{Kind: BadQuery, of: users, Err: err}
		}
	}
	columns := tables.Users().Columns()
	return c.ask(ctx, func(ctx context.Context, token string) (*Rows, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
		if err != nil {
			return nil, fmt.Errorf("build the request: %w", err)
		}
		req.Header.Set("Prefer", usersPage)
		rows, err := c.do(req, users, token, columns)
		if rows != nil {
			rows.follow = c.follow
		}
		return rows, err
	})
}

// usersURL selects what no default includes: the names and SIDs that devices know.
func (c *Client) usersURL() *url.URL {
	var names []string
	for _, column := range tables.Users().Columns() {
		if column.Name != tables.UserRemoved {
			names = append(names, column.Name)
		}
	}
	target := c.cfg.Endpoint.JoinPath(usersPath)
	target.RawQuery = "$select=" + strings.Join(names, ",")
	return target
}

// follow reads a link that the service gave. Its query is the service's own and not touched.
func (c *Client) follow(link string) (*url.URL, error) {
	given, err := url.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("read a link of the service: %s", refusal.Text(err.Error()))
	}
	target := c.cfg.Endpoint.ResolveReference(given)
	if target.Scheme != c.cfg.Endpoint.Scheme || !strings.EqualFold(hostPort(target), hostPort(c.cfg.Endpoint)) || target.User != nil {
		return nil, fmt.Errorf("%w: the link's host is %q", errForeignLink, target.Host)
	}
	return target, nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Hostname() + ":" + port
}
