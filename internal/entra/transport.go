package entra

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

const (
	// maxAnswerBytes is far above any token answer; MSAL reads without a limit of its own.
	maxAnswerBytes = 1 << 20
	// requestTimeout is for a client without one.
	requestTimeout = 30 * time.Second
)

var errAnswerTooLarge = errors.New("the answer is larger than 1 MiB, so it is no token answer")

// bounded is hc with a limit on the size of answers and on the time of a request, and without redirects,
// which would take a secret along. A hunting query may take minutes; a token may not.
func bounded(hc *http.Client) *http.Client {
	c := refusal.Staying(hc)
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	c.Transport = boundedTransport{next}
	if c.Timeout == 0 || c.Timeout > requestTimeout {
		c.Timeout = requestTimeout
	}
	return c
}

type boundedTransport struct{ next http.RoundTripper }

func (t boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err == nil {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswerBytes}
	}
	return resp, err
}

// CloseIdleConnections passes on what http.Client asks of its transport.
func (t boundedTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left+1)])
	if b.left -= n; b.left < 0 {
		return 0, errAnswerTooLarge
	}
	return n, err
}
