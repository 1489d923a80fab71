package account

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// apiVersion is the newest version of the service that Microsoft's emulator of the day knows, too.
const apiVersion = "2023-11-03"

// Operation is what a request asks for, as metrics call it.
type Operation string

// The operations.
const (
	ListContainers Operation = "list_containers"
	ListBlobs      Operation = "list_blobs"
	ReadBlob       Operation = "read"
)

// TokenSource gives the tokens of requests.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
	// Invalidate says that the service has refused a token.
	Invalidate(token string)
}

// Config is what a Client is made of.
type Config struct {
	// URL is the account's; an emulator's has a path.
	URL    *url.URL
	Client *http.Client
	Tokens TokenSource // nil: the client itself says who asks
	Agent  string      // the user agent
	// Answered is told of each answer, with its status, or 0 where none came.
	Answered func(operation Operation, status int)
	Now      func() time.Time
}

// Client reads one account. It is safe for concurrent use.
type Client struct {
	Config
}

// New makes a client. It sends nothing.
func New(c Config) *Client {
	c.Client = refusal.Staying(c.Client)
	return &Client{c}
}

// request is one request of the client.
type request struct {
	operation Operation
	path      string // below the account, with a slash before each part
	query     url.Values
	header    map[string]string
}

// send sends a request, a second time with another token where the first one is refused. The caller closes the body.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	token, err := c.token(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := c.once(ctx, r, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || c.Tokens == nil {
		return resp, err
	}
	discard(resp)
	c.Tokens.Invalidate(token)
	if token, err = c.token(ctx); err != nil {
		return nil, err
	}
	return c.once(ctx, r, token)
}

func (c *Client) token(ctx context.Context) (string, error) {
	if c.Tokens == nil {
		return "", nil
	}
	return c.Tokens.Token(ctx)
}

func (c *Client) once(ctx context.Context, r request, token string) (*http.Response, error) {
	target := *c.URL
	target.Path, target.RawPath = strings.TrimSuffix(target.Path, "/")+r.path, ""
	if target.Path == "" {
		target.Path = "/"
	}
	target.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("x-ms-version", apiVersion)
	req.Header.Set("Accept-Encoding", "identity")
	if c.Agent != "" {
		req.Header.Set("User-Agent", c.Agent)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.Client.Do(req)
	if err != nil {
		c.Answered(r.operation, 0)
		return nil, unreachable(err)
	}
	c.Answered(r.operation, resp.StatusCode)
	return resp, nil
}

// discard reads what is left of an answer, so that its connection can be used again.
func discard(resp *http.Response) {
	const most = 64 << 10
	_, _ = io.CopyN(io.Discard, resp.Body, most)
	resp.Body.Close()
}

// refused reads an answer that is none of success, and closes it.
func (c *Client) refused(resp *http.Response) error {
	defer resp.Body.Close()
	const most = 16 << 10
	body, _ := io.ReadAll(io.LimitReader(resp.Body, most))
	var told struct {
		Code, Message string
	}
	_ = xml.Unmarshal(body, &told) // a page of a proxy has neither
	e := &Error{
		Status: resp.StatusCode, Code: resp.Header.Get("x-ms-error-code"), RequestID: resp.Header.Get("x-ms-request-id"),
		RetryAfter: refusal.RetryAfter(resp.Header, c.Now()),
	}
	if e.Code == "" {
		e.Code = refusal.Text(told.Code)
	}
	line, _, _ := strings.Cut(told.Message, "\n") // below it stand the id and the time
	e.Message = refusal.Text(line)
	e.Kind, e.Advice = judge(e.Status, e.Code)
	if location := resp.Header.Get("Location"); location != "" && resp.StatusCode/100 == 3 {
		e.Advice = refusal.Redirected(location, c.URL.Host, Setting)
	}
	switch {
	case e.RequestID != "":
	case e.Code == "" && e.Kind != Passing:
		// A gateway knows neither the account's blobs nor who may read them.
		e.Kind, e.Advice = Passing, refusal.Stranger(c.URL.Host, Setting)
	case e.Advice == "" && resp.StatusCode/100 != 5:
		e.Advice = refusal.Stranger(c.URL.Host, Setting)
	}
	return e
}

// genuine refuses what something else than the service answered with success.
func (c *Client) genuine(resp *http.Response) error {
	if resp.Header.Get("x-ms-request-id") != "" {
		return nil
	}
	defer discard(resp)
	advice := refusal.Stranger(c.URL.Host, Setting)
	if strings.Contains(resp.Header.Get("Content-Type"), "text/html") {
		advice = refusal.Page(c.URL.Host, Setting)
	}
	return &Error{Kind: Passing, Status: resp.StatusCode, Advice: advice}
}
