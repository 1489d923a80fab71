package hunting

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Config is what a Client needs.
type Config struct {
	API      API
	Endpoint *url.URL // base URL, without the API's path
	// Client's Timeout bounds the time spent waiting for the service, without that in which the
	// caller works on rows. No redirect is followed, whatever its CheckRedirect.
	Client *http.Client
	// Tokens says who asks; nil: Client does by itself, as an authentication extension of the Collector's has made it.
	Tokens       TokenSource
	UserAgent    string
	MaxBodyBytes int64            // of a decompressed answer; 0 is no limit
	Now          func() time.Time // nil: time.Now
	// Again is asked before a query is sent a second time, after a 401; nil: it may be. Its error is Query's.
	Again func(context.Context) error
}

// Client sends queries to a hunting API. It is safe for concurrent use.
type Client struct {
	cfg     Config
	url     string
	http    *http.Client
	timeout time.Duration
	clock   ServiceClock
}

// NewClient makes a client; it sends nothing.
func NewClient(cfg Config) *Client {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{cfg: cfg, url: cfg.Endpoint.JoinPath(cfg.API.path()).String(), timeout: cfg.Client.Timeout}
	c.http = refusal.Staying(cfg.Client)
	c.http.Timeout = 0
	return c
}

// Clock knows the service's time from the answers so far whose rows told it (Rows.ObserveNow).
func (c *Client) Clock() *ServiceClock { return &c.clock }

// Query sends one query and returns once the header of a status 200 is in; the caller closes Rows.
// columns are those that the query is known to give: a Bool among them is decoded as one whatever
// its form, and their spelling is restored where the service changed the case of a row's keys.
// Errors are *Error, or wrap that of the token source.
func (c *Client) Query(ctx context.Context, kql string, columns []tables.Column) (*Rows, error) {
	// There is no Timespan: it cuts by event time, and so would hide rows that arrived late.
	request, err := json.Marshal(struct{ Query string }{kql})
	if err != nil {
		return nil, fmt.Errorf("encode the query: %w", err)
	}
	return c.ask(ctx, func(ctx context.Context, token string) (*Rows, error) {
		return c.send(ctx, request, token, columns)
	})
}

// ask sends a request, and once more with a new token if the first is not accepted.
func (c *Client) ask(ctx context.Context, send func(ctx context.Context, token string) (*Rows, error)) (*Rows, error) {
	if c.cfg.Tokens == nil {
		return send(ctx, "")
	}
	for attempt := 1; ; attempt++ {
		token, err := c.cfg.Tokens.Token(ctx)
		if err != nil {
			return nil, fmt.Errorf("get a token for the hunting API: %w", err)
		}
		rows, err := send(ctx, token)
		if refusal := (*Error)(nil); attempt == 1 && errors.As(err, &refusal) && refusal.Kind == Unauthorized {
			// Seen even with a fresh token that is not yet known everywhere.
			c.invalidate(token, refusal.claims)
			if c.cfg.Again != nil {
				if err := c.cfg.Again(ctx); err != nil {
					return nil, err
				}
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		return rows, nil
	}
}

// invalidate asks for another token, which carries the claims that the service asks for, if there are any.
func (c *Client) invalidate(token, claims string) {
	if claims == "" {
		c.cfg.Tokens.Invalidate(token)
		return
	}
	c.cfg.Tokens.Challenge(token, claims)
}

func (c *Client) send(ctx context.Context, request []byte, token string, columns []tables.Column) (*Rows, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(request))
	if err != nil {
		return nil, fmt.Errorf("build the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	return c.do(req, hunted, token, columns)
}

// do sends a request and returns once the header of a status 200 is in.
func (c *Client) do(req *http.Request, of subject, token string, columns []tables.Column) (*Rows, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	req = req.WithContext(ctx)
	if c.cfg.Tokens != nil {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", gzipped)
	if c.cfg.UserAgent != "" {
		req.Header.Set("User-Agent", c.cfg.UserAgent)
	}

	waiting := newPatience(c.timeout, cancel)
	sent := c.cfg.Now()
	waiting.begin()
	resp, err := c.http.Do(req)
	waiting.end()
	received := c.cfg.Now()
	if err != nil {
		err = transportError(ctx, of, err)
		cancel(nil)
		return nil, err
	}
	x := exchange{api: c.cfg.API, of: of, host: req.URL.Host, token: token, tokens: c.cfg.Tokens, resp: resp, sent: sent, received: received}
	rows := newRows(ctx, cancel, x, &body{r: inflated(resp), patience: waiting, limit: c.cfg.MaxBodyBytes}, &c.clock, columns)
	if resp.StatusCode != http.StatusOK && !rows.isPartial() {
		defer rows.Close()
		return nil, c.refusal(rows)
	}
	return rows, nil
}

// transportError is the error of a request that got no answer.
func transportError(ctx context.Context, of subject, err error) *Error {
	cause := context.Cause(ctx)
	if cause == nil {
		return &Error{Kind: Transient, of: of, Advice: refusal.Unreachable(err, "endpoint"), Err: err}
	}
	return &Error{Kind: Transient, of: of, MaybeSize: of == hunted && errors.As(cause, new(timeoutError)), Err: cause}
}

// maxRefusalBytes is what is read of a refusal's body.
const maxRefusalBytes = 64 << 10

// refusal reads an answer other than 200.
func (c *Client) refusal(r *Rows) *Error {
	// What could be read of a body that breaks off is still worth having.
	text, _ := io.ReadAll(io.LimitReader(r.body, maxRefusalBytes))
	a := parseRefusal(text)
	a.status, a.location = r.resp.StatusCode, r.resp.Header.Get("Location")
	e := r.refusalError(a, r.row.keys.has)
	e.RetryAfter = refusal.RetryAfter(r.resp.Header, c.cfg.Now())
	e.claims = challenge(r.resp.Header)
	if e.Kind == Unauthorized && c.cfg.Tokens == nil {
		e.Advice = "look at the extension that 'auth' names: the service does not accept what it authenticates with"
	}
	return e
}
