package turns

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

// returning bounds how long giving a turn back may take.
const returning = 10 * time.Second

// Client takes turns of a receiver of a running collector.
type Client struct {
	// HTTP sends the requests, with whatever the extension's authentication asks for.
	HTTP *http.Client
	// Base is the control extension's URL, e.g. http://127.0.0.1:13134.
	Base string
	// Receiver is the receiver's id.
	Receiver string
	// Failed is told that a turn could not be given back. The collector then counts it as a long query.
	Failed func(error)
}

var _ control.Lender = (*Client)(nil)

// Lend implements control.Lender.
func (c *Client) Lend(ctx context.Context, waited time.Duration) (control.Loan, error) {
	for began := time.Now(); ; {
		var answer lent
		status, err := c.post(ctx, "/receivers/"+url.PathEscape(c.Receiver)+"/turns", asked{Waited: (waited + time.Since(began)).Seconds()}, &answer)
		if err != nil {
			return nil, fmt.Errorf("take a turn of the running collector: %w", err)
		}
		if status == http.StatusOK {
			return &borrowed{client: c, turn: answer.Turn}, nil
		}
	}
}

// borrowed is a turn of a running collector.
type borrowed struct {
	client *Client
	turn   string
}

// Return implements control.Loan.
func (b *borrowed) Return(cpu time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), returning)
	defer cancel()
	if _, err := b.client.post(ctx, "/turns/"+url.PathEscape(b.turn), returned{CPU: cpu.Seconds()}, nil); err != nil {
		b.client.Failed(fmt.Errorf("give a turn back to the running collector: %w", err))
	}
}

// post sends a request, and decodes an answer of status 200.
func (c *Client) post(ctx context.Context, path string, body, answer any) (status int, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	address := strings.TrimSuffix(c.Base, "/") + "/api/v1" + path
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.HTTP.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	said, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	switch {
	case err != nil:
		return 0, err
	case response.StatusCode == http.StatusNoContent:
	case response.StatusCode == http.StatusOK && answer != nil:
		if err := json.Unmarshal(said, answer); err != nil {
			return 0, fmt.Errorf("the answer of %s is not a control extension's: %w", c.Base, err)
		}
	default:
		return 0, fmt.Errorf("%s answers %s: %s", c.Base, response.Status, strings.TrimSpace(string(said)))
	}
	return response.StatusCode, nil
}
