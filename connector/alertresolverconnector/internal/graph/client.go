package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// maxBody is well above the largest alert that was seen.
const maxBody = 16 << 20

// Tokens gives access tokens.
type Tokens interface {
	Token(ctx context.Context) (string, error)
	Invalidate(token string)
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	HTTP      *http.Client // follows no redirect: see New
	Endpoint  *url.URL
	Tokens    Tokens // nil: HTTP says by itself who asks
	UserAgent string
	Now       func() time.Time
	// Observe is told of each answered request, and of those without an answer.
	Observe func(method, outcome string)
}

// New makes a client whose requests stay with their host.
func New(c Client) *Client {
	c.HTTP = refusal.Staying(c.HTTP)
	return &c
}

// Alert is what is read of an alert.
type Alert struct {
	Status         string `json:"status"`
	AssignedTo     string `json:"assignedTo"`
	Classification string `json:"classification"`
	Determination  string `json:"determination"`
	Comments       []struct {
		Comment string `json:"comment"`
	} `json:"comments"`
}

// Texts are those of the comments.
func (a Alert) Texts() []string {
	var all []string
	for _, c := range a.Comments {
		all = append(all, c.Comment)
	}
	return all
}

// Alert reads an alert.
func (c *Client) Alert(ctx context.Context, id string) (Alert, error) {
	var a Alert
	return a, c.do(ctx, http.MethodGet, []string{id}, nil, &a)
}

// Change is what is written.
type Change struct {
	Status         string `json:"status"`
	Classification string `json:"classification"`
	Determination  string `json:"determination"`
}

// Update changes the status of an alert.
func (c *Client) Update(ctx context.Context, id string, change Change) error {
	return c.do(ctx, http.MethodPatch, []string{id}, change, nil)
}

// Comment adds a comment. The service drops those that stand in an update.
func (c *Client) Comment(ctx context.Context, id, text string) error {
	return c.do(ctx, http.MethodPost, []string{id, "comments"}, map[string]string{
		"@odata.type": "microsoft.graph.security.alertComment", "comment": text,
	}, nil)
}

// do sends a request, and once more with a new token if the first one is not accepted: a request with status 401 has done
// nothing.
func (c *Client) do(ctx context.Context, method string, path []string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
	}
	for attempt := 1; ; attempt++ {
		token := ""
		if c.Tokens != nil {
			var err error
			if token, err = c.Tokens.Token(ctx); err != nil {
				return fmt.Errorf("get a token for Graph: %w", err)
			}
		}
		err := c.send(ctx, method, path, token, text, into)
		if attempt == 1 && c.Tokens != nil && is(err, http.StatusUnauthorized) {
			c.Tokens.Invalidate(token)
			continue
		}
		return err
	}
}

func (c *Client) send(ctx context.Context, method string, path []string, token string, text []byte, into any) error {
	escaped := make([]string, 0, len(path)+3)
	for _, part := range append([]string{"v1.0", "security", "alerts_v2"}, path...) {
		escaped = append(escaped, url.PathEscape(part))
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Endpoint.JoinPath(escaped...).String(), bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("build the request: %w", err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Prefer", "include-unknown-enum-members")
	if c.UserAgent != "" {
		req.Header.Set("User-Agent", c.UserAgent)
	}
	if text != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		c.Observe(method, "error")
		return unreachable(err)
	}
	defer resp.Body.Close()
	c.Observe(method, strconv.Itoa(resp.StatusCode))
	return c.read(resp, token, into)
}

// unreachable says what an operator can do where there was no answer.
func unreachable(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // without the URL, which errors of callers name
	}
	if advice := refusal.Unreachable(err, "endpoint"); advice != "" {
		return fmt.Errorf("the service was not reached (%s): %w", advice, err)
	}
	return fmt.Errorf("the service was not reached: %w", err)
}

func (c *Client) read(resp *http.Response, token string, into any) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.refused(resp, body, token)
	}
	if err != nil {
		return fmt.Errorf("read Graph's answer: %w", err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode Graph's answer: %w", err)
	}
	return nil
}

func (c *Client) refused(resp *http.Response, body []byte, token string) error {
	var wire struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	e := &Error{Status: resp.StatusCode}
	if json.Unmarshal(body, &wire) == nil {
		e.Code, e.Message = refusal.Text(wire.Error.Code, token), refusal.Text(wire.Error.Message, token)
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		if e.RetryAfter = refusal.RetryAfter(resp.Header, c.Now()); e.RetryAfter == 0 {
			e.RetryAfter = defaultWait
		}
	}
	return e
}
